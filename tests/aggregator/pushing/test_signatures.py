"""Which signatures are a hub's (check W2)."""

from __future__ import annotations

import hmac

import pytest

from aggregator.pushing.signatures import is_signed

SECRET, BODY = "between us", b"<feed/>"


def signed(method: str, secret: str = SECRET, body: bytes = BODY) -> str:
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


@pytest.mark.parametrize("method", ["sha256", "sha384", "sha512"])
def test_a_good_signature_is_known(method: str) -> None:
    assert is_signed(signed(method), SECRET, BODY)
    assert is_signed(signed(method).replace(f"{method}=", f"{method.upper()}=").upper(), SECRET, BODY)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha256",
        "sha256=",
        "sha256=ä",
        "=" + signed("sha256").partition("=")[2],
        signed("sha256").partition("=")[2],
        signed("sha256")[:-1],
        signed("sha256", "another"),
        signed("sha256", body=b"<feed />"),  # the same to an XML parser
        signed("sha256").replace("sha256", "sha512"),
        signed("sha1"),
        signed("md5"),
    ],
)
def test_any_other_is_none(header: str) -> None:
    assert not is_signed(header, SECRET, BODY)
