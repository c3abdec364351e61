"""Many blogs at once, from a list: ``reading`` knows the formats, ``starting`` makes rows of them, ``working`` takes
slices of rows and looks or registers, ``judging`` says what each row has become, ``owners`` whose blogs they are,
``words`` tells a person. Rows and their states are models/blog_import.py.

Nothing is fetched but the addresses of rows, through the one client, and nothing is registered before somebody says so.
"""
