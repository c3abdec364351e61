"""Mail on its way: nothing in clear, nothing lost, and no server slow enough to stop us."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from bloghub.lib.mail import (
    LetterRefusedError,
    Server,
    ServerTroubleError,
    outbox,
)
from tests.lib.letters import deliver, letter
from tests.smtp import Sink, kept, serve


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost with its key, signed by itself."""
    path = tmp_path / "sink.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, *subject, "-keyout", path, "-out", tmp_path / "cert"], check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "cert").read_text())
    return path


def encrypting(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_with_starttls_nothing_of_the_letter_goes_in_clear(
    settings: Settings, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serve(Sink(tls=encrypting(certificate))) as sink:
        deliver(sink, settings, letter(), scheme="smtp+starttls", host="localhost")
    assert len(sink.letters) == 1
    assert [line.split()[0].upper() for line in sink.in_clear] == ["EHLO", "STARTTLS"]


def test_a_server_that_offers_no_encryption_gets_nothing(settings: Settings) -> None:
    with serve(Sink()) as sink, pytest.raises(ServerTroubleError, match="STARTTLS"):
        deliver(sink, settings, letter(), scheme="smtp+starttls")
    assert sink.letters == []
    assert not [line for line in sink.in_clear if not line.upper().startswith(("EHLO", "QUIT"))]


def test_a_server_that_cannot_prove_its_name_gets_nothing(settings: Settings, certificate: Path) -> None:
    with serve(Sink(tls=encrypting(certificate))) as sink, pytest.raises(ServerTroubleError, match="certificate"):
        deliver(sink, settings, letter(), scheme="smtp+starttls", host="localhost")
    assert sink.letters == []


def test_a_server_whose_certificate_names_another_gets_nothing(
    settings: Settings, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serve(Sink(tls=encrypting(certificate))) as sink, pytest.raises(ServerTroubleError, match="certificate"):
        deliver(sink, settings, letter(), scheme="smtp+starttls", host="127.0.0.1")
    assert sink.letters == []


def test_a_server_that_drips_is_given_up(settings: Settings) -> None:
    settings.EMAIL_TIMEOUT = 0.4
    with serve(Sink(drips=True)) as sink, pytest.raises(ServerTroubleError):
        deliver(sink, settings, letter())


def test_a_letter_that_the_server_never_answers_keeps_no_other_back(settings: Settings) -> None:
    settings.EMAIL_TIMEOUT = 0.4
    with serve(Sink(refuses={"slow@example.com": "drip"})) as sink:
        settings.MAIL_SERVER = sink.server()
        with outbox() as out:
            with pytest.raises(LetterRefusedError) as refused:
                out.send(letter(to="slow@example.com"))
            out.send(letter())
    assert not refused.value.lasting
    assert [to for to, _ in sink.letters] == [["aino@example.com"]]


@pytest.mark.parametrize(("answer", "lasting"), [("550 no such person", True), ("451 later", False)])
def test_a_refusal_says_whether_it_lasts(settings: Settings, answer: str, lasting: bool) -> None:
    with serve(Sink(refuses={"gone@example.com": answer})) as sink, pytest.raises(LetterRefusedError) as refused:
        deliver(sink, settings, letter(to="gone@example.com"))
    assert (str(refused.value), refused.value.lasting) == (answer, lasting)


def test_a_server_that_is_away_is_said_to_be(settings: Settings) -> None:
    with serve(Sink()) as sink:
        pass
    with pytest.raises(ServerTroubleError):
        deliver(sink, settings, letter())


def test_without_a_server_letters_are_kept(settings: Settings, tmp_path: Path) -> None:
    settings.MAIL_SERVER, settings.MAIL_DIR = None, tmp_path / "mail"
    with outbox() as out:
        out.send(letter(subject="../../etc/passwd"))
    [message] = kept(tmp_path / "mail")
    assert message["To"] == "aino@example.com"
    [path] = (tmp_path / "mail").iterdir()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_folder_that_cannot_be_written_is_trouble_and_not_silence(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file")
    settings.MAIL_SERVER, settings.MAIL_DIR = None, tmp_path / "mail"
    with outbox() as out, pytest.raises(ServerTroubleError):
        out.send(letter())


def test_a_servers_address_is_read_whole() -> None:
    assert Server.parse("smtp+starttls://hub%40corp:p%2Fw@mail.corp") == Server(
        "smtp+starttls", "mail.corp", 587, "hub@corp", "p/w"
    )
    assert Server.parse("smtp://relay.corp?insecure=1").port == 25
    assert Server.parse("smtp://127.0.0.1:2525").port == 2525
