"""Where webhooks may not go, and that nothing gets round it."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.webhooks import network, posting
from portal.webhooks.enums import Problem
from portal.webhooks.network import AddressRefused, checked_addresses, is_public, parse
from portal.webhooks.posting import Answer, Post
from tests.portal.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def post(url: str, seconds: float = 3) -> Answer:
    (answer,) = posting.send_all([Post(url, b"{}", {"webhook-id": "evt_1"})], seconds)
    return answer


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A name server that says something else each time; returns whom it was asked for."""
    asked: list[str] = []
    left = list(answers)

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(network, "resolve", resolve)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "2001::1",
        "2002:7f00:1::",
        "100::1",
        "",
        "localhost",
    ],
)
def test_private_and_special_addresses_are_no_place_to_post_to(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hooks",
        "ftp://example.com/",
        "//example.com/",
        "example.com/hooks",
        "https://",
        "https:///hooks",
        "https://user:secret@example.com/",
        "https://user@example.com/",
        "https://example.com:22/",
        "https://example.com:99999/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://example.com/a b",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/\r\nX-Evil: 1",
        "https://[fe80::1%25eth0]/",
        "https://[1:2/",
        "http://localhost/",
        "https://example.com/" + "x" * 500,
    ],
)
def test_an_address_is_refused_before_anything_is_looked_up(url: str, settings: object) -> None:
    settings.WEBHOOKS_TO_LOCALHOST = False  # type: ignore[attr-defined]
    with pytest.raises(AddressRefused):
        parse(url)


def test_a_good_address_is_kept_in_one_spelling(settings: object) -> None:
    settings.WEBHOOKS_TO_LOCALHOST = False  # type: ignore[attr-defined]
    assert parse(" https://Example.COM:443/Hooks?a=1 ").url == "https://example.com/Hooks?a=1"
    assert parse("https://bücher.example:8443").url == "https://xn--bcher-kva.example:8443/"
    assert parse("https://example.com/ä").url == "https://example.com/%C3%A4"
    assert parse("https://[2606:4700::1111]/x").authority == "[2606:4700::1111]"


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "127.1", "017700000001", "localhost", "localhost.", "[::1]"]
)
def test_other_spellings_of_this_machine_lead_nowhere(
    host: str, settings: object, receiver: Receiver
) -> None:
    settings.WEBHOOKS_TO_LOCALHOST = False  # type: ignore[attr-defined]
    with pytest.raises(AddressRefused) as refused:
        checked_addresses(parse(f"https://{host}/"))
    assert refused.value.problem in {Problem.FORBIDDEN, Problem.NAME}
    assert receiver.taken == []


def test_where_one_develops_http_goes_to_this_machine_only(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert post(receiver.url).status == 200
    with pytest.raises(AddressRefused):
        parse("http://example.com/hooks")
    names(monkeypatch, ["10.0.0.8"])
    assert post("http://localhost/").problem == Problem.FORBIDDEN


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, ["93.184.215.14", "10.0.0.8"])
    with pytest.raises(AddressRefused) as refused:
        checked_addresses(parse("https://hooks.example.com/"))
    assert refused.value.problem == Problem.FORBIDDEN


def test_a_name_that_changes_its_mind_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public when it is typed, this machine when it is posted to."""
    asked = names(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    url = f"https://hooks.example.com:{receiver.port}/"
    assert checked_addresses(parse(url)) == ["93.184.215.14"]
    assert post(url).problem == Problem.FORBIDDEN
    assert len(asked) == 2
    assert receiver.taken == []


def test_the_connection_is_made_to_the_address_that_was_checked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public when it is checked, this machine from then on: the name is not looked up once more."""
    asked = names(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    reached: list[tuple[str, int]] = []

    def create_connection(address: tuple[str, int], timeout: float) -> None:
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(network.socket, "create_connection", create_connection)
    assert post("https://hooks.example.com/").problem == Problem.UNREACHABLE
    assert (asked, reached) == (["hooks.example.com"], [("93.184.215.14", 443)])


def test_where_one_address_does_not_answer_the_next_is_tried(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, ["127.0.0.9", "127.0.0.1"])
    assert post(receiver.url).status == 200


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with receiving() as inside:
        receiver.status, receiver.headers = 302, {"Location": inside.url}
        answer = post(receiver.url)
        assert (answer.status, answer.problem) == (302, Problem.STATUS)
        receiver.status = 307
        assert post(receiver.url).status == 307
        assert inside.taken == []


def test_no_proxy_of_the_environment_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post(receiver.url).status == 200


# --- certificates ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for hooks.example.com that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example.com")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def secure(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, list[str], list[str]]]:
    """A server with TLS that counts as public: its port, the names of TLS and those of `Host` that were asked for."""
    asked: list[str] = []
    hosts: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            hosts.append(self.headers["Host"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _connection, name, _context: asked.append(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_arguments: None  # type: ignore[method-assign]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    names(monkeypatch, ["127.0.0.1"])
    monkeypatch.setattr(network, "is_public", lambda text: ipaddress.ip_address(text).is_loopback)
    yield server.server_address[1], asked, hosts
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_certificate_and_host_are_those_of_the_name_though_an_address_is_connected_to(
    secure: tuple[int, list[str], list[str]], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, asked, hosts = secure
    monkeypatch.setattr(posting, "trust", lambda: ssl.create_default_context(cafile=str(certificate)))
    assert post(f"https://hooks.example.com:{port}/").status == 200
    assert (asked, hosts) == (["hooks.example.com"], [f"hooks.example.com:{port}"])
    other = post(f"https://other.example.com:{port}/")
    assert (other.status, other.problem) == (None, Problem.CERTIFICATE)


def test_a_certificate_that_nobody_vouches_for_is_refused(
    secure: tuple[int, list[str], list[str]],
) -> None:
    port, _asked, hosts = secure
    answer = post(f"https://hooks.example.com:{port}/")
    assert (answer.problem, hosts) == (Problem.CERTIFICATE, [])
