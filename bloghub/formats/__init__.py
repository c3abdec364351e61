"""How dates and times are written, a package a language; Django finds it by FORMAT_MODULE_PATH."""
