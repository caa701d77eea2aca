"""A client of Strongroom's HTTP API: one method a call, with the standard library alone.

Nothing of a request is sent before the server has shown who it is. Credentials and values stand in
no `repr`, error or traceback of this module.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import ipaddress
import json
import os
import re
import socket
import ssl
import time
from collections import deque
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import (
    Any, Callable, Deque, Dict, Iterable, Iterator, List, Mapping, NoReturn, Optional, Tuple, Type,
    TypeVar, Union)
from urllib.parse import quote

__version__ = "0.1.0"

Path = Union[str, "os.PathLike[str]"]
T = TypeVar("T")

#: Every call: the method's name here, and how and where it is asked.
CALLS = {
    "reveal": ("POST", "/v1/tenants/{tenant}/reveal"),
    "seal": ("POST", "/v1/tenants/{tenant}/collections/{collection}/records"),
    "find": ("POST", "/v1/tenants/{tenant}/collections/{collection}/find"),
    "update": ("PATCH", "/v1/tenants/{tenant}/collections/{collection}/records/{record}"),
    "verify_password": (
        "POST", "/v1/tenants/{tenant}/collections/{collection}/records/{record}/verify-password"),
    "erase": ("POST", "/v1/tenants/{tenant}/collections/{collection}/erase"),
    "cancel_erase": (
        "POST", "/v1/tenants/{tenant}/collections/{collection}/records/{record}/cancel-erasure"),
    "carry_out": ("POST", "/v1/erasures/carry-out"),
    "add_tenant": ("POST", "/v1/tenants"),
    "tenants": ("GET", "/v1/tenants"),
    "tenant": ("GET", "/v1/tenants/{tenant}"),
    "add_principal": ("POST", "/v1/principals"),
    "principals": ("GET", "/v1/principals"),
    "renew_principal": ("POST", "/v1/principals/{principal}/renew"),
    "revoke_principal": ("POST", "/v1/principals/{principal}/revoke"),
    "schema": ("GET", "/v1/tenants/{tenant}/collections/{collection}/schema"),
    "set_schema": ("PUT", "/v1/tenants/{tenant}/collections/{collection}/schema"),
    "who": ("POST", "/v1/tenants/{tenant}/ledger/who"),
    "erasure": ("POST", "/v1/tenants/{tenant}/ledger/erasure"),
    "ledger_keys": ("GET", "/v1/ledger/keys"),
    "status": ("GET", "/v1/status"),
    "epoch": ("GET", "/v1/epoch"),
    "health": ("GET", "/v1/health"),
}

#: A body, and an answer, are no longer than this, in bytes.
BODY_BYTES_MAX = 1 << 20
ANSWER_BYTES_MAX = 64 << 20
#: A connection that was idle for longer is not used again: the server ends it after 10 s.
IDLE_S_MAX = 5.0
#: Connections that are kept while they are idle.
IDLE_MAX = 16
#: What says that the other side ended the connection.
ENDED = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Error(Exception):
    """Why there is no answer."""


class Problem(Error):
    """The server said no: `type` is a stable word, `remedy` what to do next."""

    def __init__(self, type: str, status: int, detail: str, remedy: str, request: str,
                 retry_after: Optional[int] = None) -> None:
        super().__init__(type, status, detail, remedy, request, retry_after)
        self.type, self.status, self.detail = type, status, detail
        self.remedy, self.request, self.retry_after = remedy, request, retry_after

    def __str__(self) -> str:
        return f"{self.detail} ({self.type}, {self.status}; request {self.request}): {self.remedy}"


class Unreachable(Error):
    """No answer came. Where `sent` is true the call may have been performed all the same."""

    def __init__(self, why: str, sent: bool = False) -> None:
        super().__init__(why, sent)
        self.why, self.sent = why, sent

    def __str__(self) -> str:
        return self.why


class Untrusted(Error):
    """What answers there could not show that it is the server. Nothing was sent to it."""


@dataclass(frozen=True)
class Ledger:
    """Where an entry stands."""
    log: str
    index: int
    leaf_hash: str


@dataclass(frozen=True)
class Value:
    """A value that was revealed; its `repr` does not show it."""
    token: str
    record: str
    field: str
    form: str
    value: str = dataclasses.field(repr=False)
    ledger: Ledger


@dataclass(frozen=True)
class Record:
    """A record, by its key or its id, and its tokens by field."""
    record: str
    tokens: Dict[str, str]


@dataclass(frozen=True)
class Found:
    """The records that have a value: as long as they are many, and false where there is none."""
    records: List[Record]
    ledger: Ledger

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)


@dataclass(frozen=True)
class Sealed:
    """Records in the order given; `unusual` are fields with a value that does not fit its type."""
    records: List[Record]
    unusual: List[str]
    ledger: Ledger


@dataclass(frozen=True)
class Updated:
    """A record as it is now; `unusual` are fields with a value that does not fit its type."""
    record: str
    version: int
    tokens: Dict[str, str]
    unusual: List[str]
    ledger: Ledger


@dataclass(frozen=True)
class Verdict:
    """Whether a password is right; false where it is not."""
    right: bool
    ledger: Ledger

    def __bool__(self) -> bool:
        return self.right is True


@dataclass(frozen=True)
class Slot:
    """What is of a record: its slot is `live`, `pending until TIME` or `gone`."""
    record: str
    slot: str
    ledger: Ledger


@dataclass(frozen=True)
class CarriedOut:
    """How many erased records wait for the end of their grace time, and the first one's."""
    pending: int
    next: Optional[str]


@dataclass(frozen=True)
class Tenant:
    """A client company."""
    id: str
    name: str


@dataclass(frozen=True)
class Principal:
    """A service or an operator; `*` among its tenants is the whole install."""
    id: str
    name: str
    kind: str
    tenants: List[str]
    revoked: bool


@dataclass(frozen=True)
class Credential:
    """A principal with its credential, which is given this once; `repr` does not show it."""
    principal: Principal
    credential: str = dataclasses.field(repr=False)


@dataclass(frozen=True)
class Schema:
    """A collection's schema: as TOML, which is what is set, and as an object."""
    version: int
    sha256: str
    toml: str
    schema: Dict[str, Any]


@dataclass(frozen=True)
class SchemaSet:
    """A schema that was set."""
    collection: str
    version: int
    fields: int


@dataclass(frozen=True)
class Entry:
    """An entry of the ledger that names a person."""
    log: str
    index: int
    time: str
    act: str
    phase: str
    actor: str
    purpose: Optional[str]
    form: Optional[str]
    fields: List[str]


@dataclass(frozen=True)
class Remains:
    """What of an erased record may still stand, and until when."""
    what: str
    until: str


@dataclass(frozen=True)
class Erasure:
    """The statement on an erasure; `state` is `pending` or `gone`."""
    record: str
    state: str
    stated: str
    reason: str
    actor: str
    ledger: Ledger
    due: Optional[str]
    overwritten: Optional[str]
    turned: Optional[str]
    destroy: str
    gone: List[str]
    copies: List[Remains]


@dataclass(frozen=True)
class Epoch:
    """The epoch, and when it is to be turned."""
    epoch: int
    destroyed: Optional[int]
    destroy: str
    turned: Optional[str]
    live: Optional[int]
    erased: Optional[int]
    shredded: int
    pending: int
    due: str
    overdue: bool


def _of(kind: Type[T], answer: Dict[str, Any], **more: Any) -> T:
    """An object of an answer as one of the classes above. More members are for later clients."""
    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    if "ledger" in names and "ledger" not in more:
        more["ledger"] = _of(Ledger, answer["ledger"])
    return kind(**{name: answer[name] for name in names if name not in more}, **more)


def _each(kind: Type[T], answers: Iterable[Dict[str, Any]], **more: Any) -> List[T]:
    return [_of(kind, answer, **more) for answer in answers]


class _Secret:
    """A text that `repr` does not show."""
    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class _Connection(HTTPConnection):
    """One connection. However it comes to be opened, `connect` is what opens it."""

    def __init__(self, host: str, port: int, tls: Optional[ssl.SSLContext],
                 pin: Optional[bytes], timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self.default_port = 443 if tls else 80
        # Somebody may have turned on for all connections what prints headers.
        self.debuglevel = 0
        self.tls, self.pin, self.pid, self.idle_since = tls, pin, os.getpid(), 0.0

    def connect(self) -> None:
        """Connects, and asks who is there."""
        # A name that means this machine is not looked up: it could be made to mean another.
        hosts = ["127.0.0.1", "::1"] if self.host.lower() == "localhost" else [self.host]
        for host in hosts:
            try:
                stream = socket.create_connection((host, self.port), self.timeout)
                break
            except OSError:
                if host == hosts[-1]:
                    raise
        try:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock = self._shaken(self.tls, stream) if self.tls else stream
        except BaseException:
            stream.close()
            raise

    def _shaken(self, tls: ssl.SSLContext, stream: socket.socket) -> ssl.SSLSocket:
        shaken = tls.wrap_socket(stream, server_hostname=self.host)
        if self.pin is not None:
            shown = hashlib.sha256(shaken.getpeercert(binary_form=True) or b"").digest()
            if not hmac.compare_digest(shown, self.pin):
                shaken.close()
                raise Untrusted("the certificate shown there does not have the fingerprint given")
        return shaken

    def is_usable(self) -> bool:
        """Whether it may be used again: of this process, not idle for long, and nothing came."""
        if self.pid != os.getpid() or time.monotonic() - self.idle_since > IDLE_S_MAX:
            return False
        if self.sock is None:
            return False
        self.sock.settimeout(0)
        try:
            # Nothing: the server ended it. Something: an answer that nobody asked for.
            self.sock.recv(1)
            return False
        except (BlockingIOError, ssl.SSLWantReadError):
            self.sock.settimeout(self.timeout)
            return True
        except OSError:
            return False

    def ask(self, method: str, path: str, body: Optional[bytes],
            credential: Optional[_Secret], key: Optional[str]) -> Tuple[int, Optional[str], bytes]:
        """Sends one request, and gives status, `Retry-After` and body of the answer."""
        self.putrequest(method, path, skip_accept_encoding=True)
        if credential is not None:
            self.putheader("Authorization", "Bearer " + credential.text)
        if key is not None:
            self.putheader("Idempotency-Key", key)
        if body is not None:
            self.putheader("Content-Type", "application/json")
            self.putheader("Content-Length", str(len(body)))
        self.endheaders(body)
        answer = self.getresponse()
        read = answer.read(ANSWER_BYTES_MAX + 1)
        if len(read) > ANSWER_BYTES_MAX or not answer.isclosed():
            raise HTTPException("the answer is too long, or was cut off")
        return answer.status, answer.getheader("Retry-After"), read


class Client:
    """Asks one server. Threads may share it: each call has a connection for itself.

    `url` is `https://HOST:PORT`, with `fingerprint`, the SHA-256 of the server's certificate in
    hexadecimal as `strongroom serve` prints it, or `authority`, a file of PEM whose authorities
    vouch for HOST; or `http://` on this machine itself. `credential` is its text, or, as a
    `pathlib.Path`, the file that holds it. `timeout` is how many seconds to wait at a time.
    """

    # Also where `__init__` was not done.
    _url = "no server"

    def __init__(self, url: str, *, credential: Union[str, "os.PathLike[str]", None] = None,
                 fingerprint: Optional[str] = None, authority: Optional[Path] = None,
                 timeout: float = 60.0) -> None:
        self._idle: Deque[_Connection] = deque()
        # No text is repeated: it may be what was meant for another argument.
        named = re.fullmatch(
            r"(https?):[/]{2}(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?/?", url)
        if named is None or not 0 < int(named[3] or 443) < 65536:
            raise ValueError("url is https://HOST or https://HOST:PORT, and nothing behind it")
        secure, self._host = named[1] == "https", named[2].strip("[]")
        self._port = int(named[3] or (443 if secure else 80))
        self._url = f"{named[1]}://{named[2]}:{self._port}"
        if not secure and not _is_loopback(self._host):
            raise ValueError("http:// goes no further than 127.0.0.1, [::1] and localhost")
        if secure != ((fingerprint is None) != (authority is None)) or \
                not secure and fingerprint is not None:
            raise ValueError("https:// needs fingerprint or authority, not both; http:// neither")
        self._pin = None if fingerprint is None else _digest(fingerprint)
        self._tls = _context(authority) if secure else None
        self._credential = None if credential is None else _secret(credential)
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"<strongroom.Client of {self._url}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds a credential, and is neither copied nor pickled")

    def __del__(self) -> None:
        if "_idle" in vars(self):
            self.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections that are idle. The client can be used again."""
        while self._idle:
            self._idle.pop().close()

    # What services ask.

    def reveal(self, tenant: str, tokens: Iterable[str], *, purpose: str,
               form: str = "masked") -> List[Value]:
        """The values of tokens, all or none, in their order; in the ledger before any is opened.

        `form` is `redacted`, `masked` or `full`."""
        body = {"tokens": _several(tokens), "purpose": purpose, "form": form}
        return self._call("reveal", tenant, body=body, read=lambda answer: _each(
            Value, answer["values"], ledger=_of(Ledger, answer["ledger"])))

    def find(self, tenant: str, collection: str, field: str, value: str) -> Found:
        """The records that have a value in an indexed field."""
        return self._call(
            "find", tenant, collection, body={"field": field, "value": value},
            read=lambda answer: _of(Found, answer, records=_each(Record, answer["records"])))

    def seal(self, tenant: str, collection: str, records: Iterable[Mapping[str, Optional[str]]], *,
             idempotency_key: Optional[str] = None) -> Sealed:
        """Seals records, 1 to 1,000, all or none, into a collection that is there.

        Under an `idempotency_key` of the caller's own it is performed once: the same records may be
        sent again under it for 24 hours, and are answered as they were."""
        if idempotency_key is not None and not re.fullmatch("[!-~]{1,255}", idempotency_key):
            raise ValueError("idempotency_key is 1 to 255 visible characters of ASCII")
        body = {"records": [dict(record) for record in _several(records)]}
        return self._call(
            "seal", tenant, collection, body=body, key=idempotency_key,
            read=lambda answer: _of(Sealed, answer, records=_each(Record, answer["records"])))

    def update(self, tenant: str, collection: str, record: str,
               fields: Mapping[str, Optional[str]]) -> Updated:
        """Changes the fields named; `None` takes a value away. Tokens stay."""
        return self._call("update", tenant, collection, record, body={"fields": dict(fields)},
                          read=lambda answer: _of(Updated, answer))

    def verify_password(self, tenant: str, collection: str, record: str, password: str, *,
                        field: Optional[str] = None) -> Verdict:
        """Whether a password is right. After too many wrong ones a `Problem` with `retry_after`."""
        return self._call("verify_password", tenant, collection, record,
                          body={"password": password, "field": field},
                          read=lambda answer: _of(Verdict, answer))

    # What operators ask.

    def erase(self, tenant: str, collection: str, records: Iterable[str], *, reason: str,
              now: bool = False, second: Optional[str] = None) -> List[Slot]:
        """Erases records: not there from the entry on, overwritten after 72 hours or `now`.

        `second` is the credential of another operator who agrees, where one is needed."""
        body = {"records": _several(records), "reason": reason, "now": now, "second": second}
        return self._call("erase", tenant, collection, body=body,
                          read=lambda answer: _each(Slot, answer["erased"]))

    def cancel_erase(self, tenant: str, collection: str, record: str) -> Slot:
        """Takes an erasure back within its grace time; the record is named by its id."""
        return self._call("cancel_erase", tenant, collection, record,
                          read=lambda answer: _of(Slot, answer))

    def carry_out(self) -> CarriedOut:
        """Overwrites what is due; a server does so by itself once a minute."""
        return self._call("carry_out", read=lambda answer: _of(CarriedOut, answer))

    def who(self, tenant: str, record: str, *, collection: Optional[str] = None) -> List[Entry]:
        """Who sealed, saw or asked about a record; the question is recorded too."""
        return self._call("who", tenant, body={"record": record, "collection": collection},
                          read=lambda answer: _each(Entry, answer["entries"]))

    def erasure(self, tenant: str, record: str) -> Erasure:
        """What became of an erased record, and where copies may still stand."""
        return self._call(
            "erasure", tenant, body={"record": record},
            read=lambda answer: _of(Erasure, answer, copies=_each(Remains, answer["copies"])))

    def schema(self, tenant: str, collection: str) -> Schema:
        """A collection's schema."""
        return self._call("schema", tenant, collection, read=lambda answer: _of(Schema, answer))

    def set_schema(self, tenant: str, collection: str, toml: str) -> SchemaSet:
        """Sets a collection's schema, and makes the collection if need be."""
        return self._call("set_schema", tenant, collection, body={"toml": toml},
                          read=lambda answer: _of(SchemaSet, answer))

    def tenant(self, tenant: str) -> Tenant:
        """A tenant, by name or id."""
        return self._call("tenant", tenant, read=lambda answer: _of(Tenant, answer["tenant"]))

    # What the local operator asks.

    def tenants(self) -> List[Tenant]:
        """Every tenant."""
        return self._call("tenants", read=lambda answer: _each(Tenant, answer["tenants"]))

    def add_tenant(self, name: str) -> Tenant:
        """Adds a tenant, with its own keys and its own log."""
        return self._call("add_tenant", body={"name": name},
                          read=lambda answer: _of(Tenant, answer["tenant"]))

    def principals(self) -> List[Principal]:
        """Every principal."""
        return self._call("principals", read=lambda answer: _each(Principal, answer["principals"]))

    def add_principal(self, name: str, *, kind: str, tenant: str) -> Credential:
        """Adds a `service` or an `operator` of one tenant."""
        return self._call("add_principal", body={"name": name, "kind": kind, "tenant": tenant},
                          read=_with_credential)

    def renew_principal(self, name: str) -> Credential:
        """Gives a principal another credential; the old one is dead from the next request on."""
        return self._call("renew_principal", name, read=_with_credential)

    def revoke_principal(self, name: str) -> Principal:
        """Revokes a principal: its credential is dead from the next request on."""
        return self._call("revoke_principal", name,
                          read=lambda answer: _of(Principal, answer["principal"]))

    def ledger_keys(self) -> List[str]:
        """One verification key a log, as `strongroom-verify` takes them."""
        return self._call("ledger_keys", read=lambda answer: list(answer["keys"]))

    def status(self) -> Dict[str, Any]:
        """The state of the install, and what protects it."""
        return self._call("status", read=lambda answer: answer)

    def epoch(self) -> Epoch:
        """How old the epoch is, and when it is to be turned."""
        return self._call("epoch", read=lambda answer: _of(Epoch, answer))

    def health(self) -> str:
        """`ok`, to anybody."""
        return self._call("health", read=lambda answer: str(answer["status"]))

    # How it is asked.

    def _call(self, name: str, *path: str, read: Callable[[Dict[str, Any]], T],
              body: Optional[Mapping[str, Any]] = None, key: Optional[str] = None) -> T:
        method, where = CALLS[name]
        parts = iter(path)
        where = "/".join(quote(next(parts), safe="") if part.startswith("{") else part
                         for part in where.split("/"))
        sent = None
        if method != "GET":
            given = {name: value for name, value in (body or {}).items() if value is not None}
            sent = json.dumps(given).encode()
            if len(sent) > BODY_BYTES_MAX:
                raise ValueError("the call is longer than 1 MiB: ask for less at a time")
        for connection, fresh in self._connections():
            answered, ended, why = None, False, ""
            try:
                answered = connection.ask(method, where, sent, self._credential, key)
            except (OSError, HTTPException) as error:
                ended, why = isinstance(error, ENDED), type(error).__name__
            finally:
                if answered is None:
                    connection.close()
                else:
                    self._keep(connection)
            # Outside of `except`: the error knows of frames in which the credential stands.
            if answered is not None:
                return _read(*answered, read)
            # Once more, if the server had ended the connection while it was idle: what changes
            # nothing, and nothing else, for it may have been performed.
            if fresh or not ended or method != "GET":
                break
        raise Unreachable(f"the connection ended before the answer did: {why}", sent=True)

    def _connections(self) -> Iterator[Tuple[_Connection, bool]]:
        """An idle connection, if there is one, and a fresh one."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable():
                yield connection, False
                break
            connection.close()
        connection = _Connection(self._host, self._port, self._tls, self._pin, self._timeout)
        try:
            connection.connect()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise Unreachable(f"no server answers there: {error.reason}") from None
        except ssl.SSLError as error:
            why = getattr(error, "verify_message", None) or error.reason
            raise Untrusted(f"what answers there is not shown to be the server: {why}") from None
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"no server answers there: {error}") from None
        yield connection, True

    def _keep(self, connection: _Connection) -> None:
        connection.idle_since = time.monotonic()
        self._idle.append(connection)
        if len(self._idle) > IDLE_MAX:
            self._idle.popleft().close()


def _read(status: int, wait: Optional[str], sent: bytes,
          read: Callable[[Dict[str, Any]], T]) -> T:
    """The answer, or the problem, that the server sent."""
    try:
        answer = json.loads(sent)
        if status == 200:
            return read(answer)
        problem = Problem(
            answer["type"].split(":")[-1], status, answer["detail"], answer["remedy"],
            answer["request"], int(wait) if wait and wait.isdecimal() else None)
    except (ValueError, LookupError, TypeError, AttributeError):
        problem = None
    if problem is None:
        raise Unreachable("what came back is no answer of this API", sent=True)
    raise problem


def _with_credential(answer: Dict[str, Any]) -> Credential:
    return _of(Credential, answer, principal=_of(Principal, answer["principal"]))


def _several(items: Iterable[T]) -> List[T]:
    if isinstance(items, (str, Mapping)):
        raise TypeError("a list is asked for, not one of what would stand in it")
    return list(items)


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.lower() == "localhost"
    return address.is_loopback and (address.version == 4 or address == ipaddress.ip_address("::1"))


def _digest(fingerprint: str) -> bytes:
    bare = fingerprint.strip().replace(":", "")
    if re.fullmatch("[0-9A-Fa-f]{64}", bare) is None:
        raise ValueError("fingerprint is the SHA-256 of a certificate: 64 digits in hexadecimal")
    return bytes.fromhex(bare)


def _context(authority: Optional[Path]) -> ssl.SSLContext:
    # Not `create_default_context`: it knows authorities of its own, and may log keys.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["http/1.1"])
    if authority is None:
        # The certificate is pinned: its names and dates say nothing.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    context.hostname_checks_common_name = False
    with open(authority, encoding="ascii", errors="replace") as file:
        pem = file.read()
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        raise ValueError("authority is a file of PEM with at least one certificate") from None
    return context


def _secret(credential: Union[str, "os.PathLike[str]"]) -> _Secret:
    if isinstance(credential, str):
        secret = _Secret(credential.strip())
    else:
        with open(credential, encoding="ascii", errors="replace") as file:
            secret = _Secret(file.read(4096).strip())
    if re.fullmatch("srk_[!-~]+", secret.text) is None:
        raise ValueError("credential is a text that begins with srk_, or a pathlib.Path to a file "
                         "that holds one")
    return secret
