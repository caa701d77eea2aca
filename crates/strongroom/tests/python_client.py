"""What tests/python_client.rs asks of clients/python: a part, named by the first argument."""

import io
import json
import os
import pathlib
import pickle
import socket
import ssl
import sys
import threading
import traceback
from itertools import takewhile

import strongroom

WRONG = "0" * 64
SSN, PASSWORD = "536-22-1847", "River-71!"


def env(name):
    return os.environ["TEST_" + name]


def client(credential=None, **more):
    more.setdefault("fingerprint", env("FINGERPRINT"))
    return strongroom.Client(env("URL"), credential=credential, **more)


def by(name):
    """A client of one of the callers, whose credentials lie in files."""
    return client(pathlib.Path(env("FILES"), name))


def secrets():
    """What may show nowhere."""
    files = ["operator", "shop", "rival"]
    read = [pathlib.Path(env("FILES"), name).read_text().strip() for name in files]
    return read + [SSN, PASSWORD, "Ada Archer", "srk_none"]


def shown(*things):
    """Every way in which something shows itself; none of them may hold a secret."""
    text = " ".join(f"{thing!r} {thing} {thing:}" for thing in things)
    for secret in secrets():
        assert secret not in text, text.replace(secret, "***")
    return text


def raises(kind, call, *args, **named):
    """That a call raises an error of this kind, which shows no secret."""
    try:
        call(*args, **named)
    except Exception as error:
        assert type(error) is kind, f"{type(error).__name__}: {error}"
        shown(error, error.args)
        assert error.__cause__ is None and (error.__context__ is None or error.__suppress_context__)
        printed = io.StringIO()
        traceback.print_exception(kind, error, error.__traceback__, file=printed)
        frames = error.__traceback__.tb_next
        hidden = "".join(traceback.TracebackException(
            kind, error, frames, capture_locals=True).format()) if frames else ""
        for secret in secrets():
            assert secret not in printed.getvalue()
            # The variables of frames hold what the call was given. The credential is not of them.
            if secret.startswith("srk_") and kind is not ValueError:
                assert secret not in hidden, call
        return error
    raise AssertionError(f"{call} raised nothing")


def refused(status, type, call, *args, **named):
    problem = raises(strongroom.Problem, call, *args, **named)
    assert (problem.status, problem.type) == (status, type), problem
    assert problem.detail and problem.remedy and len(problem.request) == 16, problem
    again = pickle.loads(pickle.dumps(problem))
    assert (again.request, str(again)) == (problem.request, str(problem))
    return problem


def services():
    """Every method of a service."""
    shop = by("shop")
    assert shop.health() == "ok" and client().health() == "ok"
    found = shop.find("acme", "people", field="ssn", value="536 22 1847")
    assert found and len(found) == 1 and len(found.ledger.leaf_hash) == 64
    [person] = found
    assert set(person.tokens) == {"name", "ssn"}
    nobody = shop.find("acme", "people", "ssn", "401-55-9023")
    assert not nobody and list(nobody) == []
    tokens = [person.tokens["ssn"], person.tokens["name"]]
    values = shop.reveal("acme", tokens, purpose="support", form="full")
    assert [value.value for value in values] == [SSN, "Ada Archer"]
    assert [value.token for value in values] == tokens
    assert [value.field for value in values] == ["ssn", "name"]
    assert {(value.record, value.form) for value in values} == {(person.record, "full")}
    assert values[0].ledger == values[1].ledger
    assert values[0].ledger.index > nobody.ledger.index
    shown(values, values[0], found, shop, vars(shop))
    [masked] = shop.reveal("acme", iter(tokens[:1]), purpose="support")
    assert masked.form == "masked" and masked.value.endswith("1847") and masked.value != SSN
    right = shop.verify_password("acme", "people", person.record, PASSWORD)
    wrong = shop.verify_password("acme", "people", person.record, "x", field="password")
    assert right and right.right and not wrong and not wrong.right
    updated = shop.update("acme", "people", person.record, {"name": "Ada Baker"})
    assert updated.version == 2 and updated.tokens == {"name": tokens[1]}
    assert updated.unusual == [] and updated.record == person.record
    [name] = shop.reveal("acme", tokens[1:], purpose="support", form="full")
    assert name.value == "Ada Baker"
    assert shop.tenant("acme").name == "acme"
    assert "ssn" in shop.schema("acme", "people").toml
    return person.record, tokens


def sealing():
    """Records sealed, once under a key."""
    shop = by("shop")
    people = [{"name": "Ada Archer", "ssn": "401-55-9021"}, {"name": "Bo Bell", "ssn": None}]
    sealed = shop.seal("acme", "people", iter(people), idempotency_key="order-1")
    assert [sorted(one.tokens) for one in sealed.records] == [["name", "ssn"], ["name"]], sealed
    assert sealed.unusual == [] and len(sealed.ledger.leaf_hash) == 64
    [value] = shop.reveal(
        "acme", [sealed.records[0].tokens["ssn"]], purpose="support", form="full")
    assert (value.value, value.record) == ("401-55-9021", sealed.records[0].record)
    again = shop.seal("acme", "people", people, idempotency_key="order-1")
    assert again.records == sealed.records and again.ledger.index > sealed.ledger.index
    refused(409, "conflict", shop.seal, "acme", "people", people[:1], idempotency_key="order-1")
    other = shop.seal("acme", "people", people)
    assert not {one.record for one in other.records} & {one.record for one in sealed.records}
    refused(404, "not_found", shop.seal, "acme", "nothing", people)
    refused(422, "usage", shop.seal, "acme", "people", [])
    refused(422, "usage", shop.seal, "acme", "people", [{"nickname": "Ada Archer"}])
    raises(TypeError, shop.seal, "acme", "people", people[0])
    raises(ValueError, shop.seal, "acme", "people", people, idempotency_key="a b")


def operators(record):
    """Every method of operators."""
    operator = by("operator")
    [acme] = [tenant for tenant in operator.tenants() if tenant.name == "acme"]
    assert operator.tenant(acme.id) == acme
    assert operator.add_tenant("cedar").name == "cedar"
    schema = operator.schema("acme", "people")
    assert schema.version == 1 and len(schema.sha256) == 64 and schema.schema
    put = operator.set_schema("cedar", "members", schema.toml)
    assert (put.collection, put.version, put.fields) == ("members", 1, 3)
    added = operator.add_principal("till", kind="service", tenant="cedar")
    assert added.credential.startswith("srk_") and added.credential not in shown(added)
    till = client(added.credential)
    assert till.tenant("cedar").name == "cedar"
    renewed = operator.renew_principal("till")
    assert renewed.credential != added.credential and renewed.principal == added.principal
    refused(401, "unauthenticated", till.tenant, "cedar")
    assert operator.revoke_principal("till").revoked
    assert [one.revoked for one in operator.principals() if one.name == "till"] == [True]
    refused(401, "unauthenticated", client(renewed.credential).tenant, "cedar")
    acts = [entry.act for entry in operator.who("acme", record, collection="people")]
    assert acts[0] == "pii.collect" and "pii.reveal" in acts and "pii.update" in acts, acts
    assert all(key.startswith("strongroom") for key in operator.ledger_keys()), (
        operator.ledger_keys())
    assert operator.status()["tenants"] == 3
    assert operator.epoch().epoch >= 1 and not operator.epoch().overdue


def erasures(record, tokens):
    """From what is asked to be erased to what became of it."""
    operator = by("operator")
    [leaving] = operator.erase("acme", "people", [record], reason="request")
    assert leaving.slot.startswith("pending until ")
    refused(404, "not_found", by("shop").reveal, "acme", tokens, purpose="support")
    stated = operator.erasure("acme", leaving.record)
    assert (stated.state, stated.reason, stated.ledger) == ("pending", "request", leaving.ledger)
    assert stated.copies and stated.copies[0].what
    waiting = operator.carry_out()
    assert waiting.pending == 1 and waiting.next
    assert operator.cancel_erase("acme", "people", leaving.record).slot == "live"
    assert by("shop").reveal("acme", tokens[:1], purpose="support")
    [gone] = operator.erase("acme", "people", (record,), reason="consent", now=True)
    assert gone.slot == "gone" and operator.erasure("acme", gone.record).state == "gone"
    assert operator.carry_out().pending == 0


def refusals(record, tokens):
    """Each refusal as a problem of its type."""
    shop, none = by("shop"), client("srk_none")
    reveal = {"purpose": "support"}
    refused(401, "unauthenticated", none.reveal, "acme", tokens, **reveal)
    refused(401, "unauthenticated", client().tenants)
    refused(403, "forbidden", shop.tenants)
    refused(403, "forbidden", shop.reveal, "acme", tokens, purpose="sign-in")
    refused(404, "not_found", by("rival").reveal, "acme", tokens, **reveal)
    refused(404, "not_found", shop.reveal, "no/where", tokens, **reveal)
    refused(404, "not_found", shop.schema, "acme", "../people")
    refused(422, "usage", shop.reveal, "acme", tokens, purpose="fun")
    refused(422, "usage", shop.find, "acme", "people", "ssn", 5)
    refused(422, "usage", shop.find, "acme", "people", "name", SSN)
    raises(TypeError, shop.reveal, "acme", tokens[0], **reveal)
    raises(ValueError, shop.update, "acme", "people", record, {"name": "x" * (1 << 20)})
    for _ in range(20):
        try:
            assert not shop.verify_password("acme", "people", record, "not " + PASSWORD)
        except strongroom.Problem as problem:
            assert (problem.status, problem.type) == (429, "budget")
            break
    spent = refused(429, "budget", shop.verify_password, "acme", "people", record, PASSWORD)
    assert 0 < spent.retry_after <= 3600, spent.retry_after
    raises(TypeError, pickle.dumps, shop)
    shop.close()
    assert shop.tenant("acme").name == "acme"


def together(tokens):
    """Eight threads, and a forked process, on one client."""
    shop, seen = by("shop"), []

    def ask():
        for _ in range(5):
            token = tokens[len(seen) % 2]
            [value] = shop.reveal("acme", [token], purpose="support")
            seen.append(value.token == token)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 40
    child = os.fork()
    if child == 0:
        os._exit(0 if shop.tenant("acme").name == "acme" else 1)
    assert shop.tenant("acme").name == "acme"
    assert os.waitpid(child, 0)[1] == 0


def everything():
    record, tokens = services()
    sealing()
    operators(record)
    together(tokens)
    refusals(record, tokens)
    erasures(record, tokens)


def untrusted():
    """Whoever cannot show that it is the server is sent nothing: its caller looks at the ledger."""
    url, port = env("URL"), env("URL").rsplit(":", 1)[1]
    for named in [{"fingerprint": WRONG}, {"authority": env("OTHERS"), "fingerprint": None}]:
        refuses = client("srk_none", **named)
        raises(strongroom.Untrusted, refuses.tenants)
        raises(strongroom.Untrusted, refuses.reveal, "acme", ["srt_"], purpose="support")
    for bad, named in [
        (url, {}),
        (url, {"fingerprint": WRONG, "authority": env("OTHERS")}),
        (url, {"fingerprint": WRONG[:62]}),
        (url, {"authority": __file__}),
        ("http://127.0.0.1:" + port, {"fingerprint": WRONG}),
        ("http:" + "//192.0.2.1:" + port, {}),
        ("http://127.0.0.1.example.com", {}),
        ("http:" + "//[::ffff:127.0.0.1]", {}),
        ("https://srk_none@vault.example.com", {"fingerprint": WRONG}),
        ("https://vault.example.com/v1", {"fingerprint": WRONG}),
        ("https://vault.example.com:99999", {"fingerprint": WRONG}),
        ("https://vault.example.com\n", {"fingerprint": WRONG}),
        ("127.0.0.1:" + port, {"fingerprint": WRONG}),
    ]:
        raises(ValueError, strongroom.Client, bad, credential="srk_none", **named)
    for credential in ["", "shop.credential", "srk_a b", "srk_a\nX: y", pathlib.Path(__file__)]:
        raises(ValueError, strongroom.Client, url, credential=credential, fingerprint=WRONG)
    # Plain text, at a port that serves TLS.
    plain = strongroom.Client("http://127.0.0.1:" + port, credential="srk_none")
    assert raises(strongroom.Unreachable, plain.tenants).sent
    # The certificate that is pinned, on a server that speaks TLS 1.2 and nothing later.
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.load_cert_chain(env("CERTIFICATE"), env("CERTIFICATE_KEY"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        told = []

        def serve():
            stream, _ = listener.accept()
            try:
                told.append(old.wrap_socket(stream, server_side=True).recv(1))
            except ssl.SSLError as error:
                told.append(error.reason)

        thread = threading.Thread(target=serve)
        thread.start()
        address = "https://127.0.0.1:%d" % listener.getsockname()[1]
        asks = strongroom.Client(
            address, credential="srk_none", fingerprint=env("FINGERPRINT"), timeout=20)
        raises(strongroom.Untrusted, asks.tenants)
        thread.join()
        assert told == ["UNSUPPORTED_PROTOCOL"], told
    assert not raises(strongroom.Unreachable, asks.tenants).sent


def authority():
    """An authority vouches for one host."""
    port = env("URL").rsplit(":", 1)[1]
    operator = pathlib.Path(env("FILES"), "operator")

    def asks(host, authority):
        url = f"https://{host}:{port}"
        return strongroom.Client(url, credential=operator, authority=authority).tenants

    assert asks("localhost", pathlib.Path(env("OURS")))()
    raises(strongroom.Untrusted, asks("localhost", env("OTHERS")))
    raises(strongroom.Untrusted, asks("127.0.0.1", env("OURS")))


def impostor():
    """Shown a certificate by whoever has another, or not its key. Its caller looks at what came."""
    raises(strongroom.Untrusted, client("srk_none").reveal, "acme", ["srt_"], purpose="support")


ANSWER = b'{"status":"ok","tenants":[],"tenant":{"id":"1","name":"x"}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


class Peer:
    """A server that answers as many requests on each of its connections as it is told."""

    def __init__(self, *answers, last=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.answers, self.last, self.asked = answers, last, []
        self.ended = [threading.Event() for _ in answers]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        port = self.listener.getsockname()[1]
        self.client = strongroom.Client(f"http://127.0.0.1:{port}", credential="srk_none")

    def serve(self):
        for number, (answers, ended) in enumerate(zip(self.answers, self.ended)):
            stream, _ = self.listener.accept()
            with stream, stream.makefile("rb") as read:
                for at in range(answers + 1):
                    if at == answers and self.last is None:
                        break
                    head = b"".join(takewhile(lambda line: line.strip(), iter(read.readline, b"")))
                    if not head:
                        break
                    length = [line for line in head.splitlines() if line.startswith(b"Content-L")]
                    read.read(int(length[0].split()[1]) if length else 0)
                    method, path = head.decode().split()[:2]
                    self.asked.append((number, method))
                    self.path = path
                    whole = HEAD % len(ANSWER) + ANSWER
                    stream.sendall(whole if at < answers else self.last)
            ended.set()
        self.listener.close()


def connections():
    """What is asked again, and what is not."""
    # However slow the machine is, a connection is one that was idle for a moment.
    strongroom.IDLE_S_MAX = 3600.0
    # Ended while idle, and seen: nothing is sent there, whatever the call.
    peer = Peer(1, 2)
    assert peer.client.health() == "ok" and peer.ended[0].wait(20)
    assert peer.client.add_tenant("x").name == "x" and peer.client.tenants() == []
    assert peer.asked == [(0, "GET"), (1, "POST"), (1, "GET")]
    peer = Peer(1)
    assert peer.client.tenant("a/b?#\u00e4 ..").id == "1"
    assert peer.path == "/v1/tenants/a%2Fb%3F%23%C3%A4%20..", peer.path
    # Ended as the request came: once more where it changes nothing.
    peer = Peer(1, 1, last=b"")
    assert peer.client.health() == "ok" and peer.client.tenants() == []
    assert peer.asked == [(0, "GET"), (0, "GET"), (1, "GET")]
    peer = Peer(1, 1, last=b"")
    assert peer.client.health() == "ok"
    assert raises(strongroom.Unreachable, peer.client.add_tenant, "x").sent
    assert peer.asked == [(0, "GET"), (0, "POST")]
    # Not once more on a connection that was not idle.
    peer = Peer(0, 1, last=b"")
    assert raises(strongroom.Unreachable, peer.client.health).sent
    assert peer.asked == [(0, "GET")]
    # Idle for longer than it may be.
    peer = Peer(2, 1)
    assert peer.client.health() == "ok"
    strongroom.IDLE_S_MAX = -1.0
    assert peer.client.add_tenant("x").name == "x"
    assert peer.asked == [(0, "GET"), (1, "POST")]
    # Cut off, and no answer of this API at all.
    for last in [HEAD % (len(ANSWER) + 1) + ANSWER, HEAD % 2 + b"{}", HEAD % 2 + b"[]",
                 b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", b"220 mail\r\n"]:
        peer = Peer(0, 1, last=last)
        assert raises(strongroom.Unreachable, peer.client.tenants).sent, last
        assert peer.asked == [(0, "GET")], last
    # Too long.
    strongroom.ANSWER_BYTES_MAX = len(ANSWER)
    assert Peer(1).client.tenants() == []
    strongroom.ANSWER_BYTES_MAX = len(ANSWER) - 1
    assert raises(strongroom.Unreachable, Peer(1).client.tenants).sent


def calls():
    """The calls as JSON, each of which is a method."""
    methods = {name for name in vars(strongroom.Client) if not name.startswith("_")}
    assert methods == {*strongroom.CALLS, "close"}, methods ^ {*strongroom.CALLS, "close"}
    print(json.dumps({"calls": list(strongroom.CALLS.values()),
                      "version": strongroom.__version__}))


PARTS = {part.__name__: part for part in (
    everything, untrusted, authority, impostor, connections, calls)}

PARTS[sys.argv[1]]()
