"""A real Active Directory: Samba's domain controller, on a loopback address of its own.

Samba lets nobody choose the ports of LDAP, so it needs root and an address
that nobody else uses. It ends when its standard input closes, which happens
whenever the process that holds the other end is gone, however that ended.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import trustme

DNS, REALM, NETBIOS, HOST = "demo.test", "DEMO.TEST", "DEMO", "dc1"
HOST_NAME = f"{HOST}.{DNS}"
LDAP, LDAPS, CATALOG, CATALOG_TLS = 389, 636, 3268, 3269
BASE = "DC=demo,DC=test"
PROGRAM = Path("/usr/sbin/samba")
SYSTEM_PYTHON = Path("/usr/bin/python3")  # Samba's modules are built for it alone
SETUP = Path("/usr/share/samba/setup")
START_SECONDS, STOP_SECONDS, PROVISION_SECONDS = 60.0, 10.0, 120.0
CONFIGURATION = """\
[global]
  workgroup = {netbios}
  realm = {realm}
  netbios name = {host}
  server role = active directory domain controller
  # a loopback address counts only with its mask
  interfaces = {address}/8
  bind interfaces only = yes
  # no files, no Kerberos, no DNS, no RPC
  server services = ldap
  # as a domain controller that requires signing: no password without TLS
  ldap server require strong auth = allow_sasl_over_tls
  tls cafile = {folder}/ca.pem
  tls certfile = {folder}/dc.pem
  tls keyfile = {folder}/dc.key
  dsdb:schema update allowed = true
  # nothing here has to survive a power cut
  ldb:nosync = true
  private dir = {folder}/private
  state directory = {folder}/state
  cache directory = {folder}/cache
  lock directory = {folder}/lock
  pid directory = {folder}/run
  ncalrpc dir = {folder}/run/ncalrpc
  binddns dir = {folder}/bind-dns
  log file = {folder}/log.samba
[sysvol]
  path = {folder}/state/sysvol
[netlogon]
  path = {folder}/state/sysvol/{dns}/scripts
"""


OVERWRITE = """\
import ldb, sys
database, dn, attribute, value = sys.argv[1:]
opened = ldb.Ldb(database)
message = ldb.Message(ldb.Dn(opened, dn))
message[attribute] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, attribute)
opened.modify(message)
"""


class SambaError(Exception):
    """The domain controller cannot be created or started; the text says why."""


def missing() -> str:
    """Return what keeps a domain controller from running here, empty if nothing does."""
    if os.name != "posix" or not PROGRAM.exists() or shutil.which("samba-tool") is None:
        return "Samba's domain controller is not installed"
    if not SETUP.is_dir():
        return "Samba's files for provisioning are not installed"
    if os.geteuid() != 0:
        return "LDAP's ports 389 and 636 need root"
    return ""


def free_address() -> str:
    """Find a loopback address with all ports of LDAP free. Raises SambaError."""
    for _ in range(100):
        address = f"127.{random.randrange(64, 128)}.{random.randrange(256)}.{random.randrange(1, 255)}"
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for port in (LDAP, LDAPS, CATALOG, CATALOG_TLS):
                taken = held.enter_context(socket.socket())
                taken.bind((address, port))
            return address
    raise SambaError("no loopback address has LDAP's ports free")


class DomainController:
    """One domain in ``folder``: created by ``provision``, served between ``start`` and ``stop``.

    Several processes may use one folder in turn, under a lock of theirs: what
    they have to know is in it. ``snapshot`` keeps the contents, ``start``
    after ``forget_changes`` begins from there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Return the loopback address."""
        return (self.folder / "address").read_text(encoding="ascii")

    @property
    def ca(self) -> Path:
        """Return the path of the certificate of the authority that vouches for the server."""
        return self.folder / "ca.pem"

    @property
    def administrator_password(self) -> str:
        """Return the password of Administrator@demo.test."""
        return (self.folder / "administrator.txt").read_text(encoding="ascii")

    @property
    def exists(self) -> bool:
        """Whether there is a snapshot to start from."""
        return (self.folder / "snapshot").is_dir()

    @property
    def log(self) -> str:
        """Return the last lines that the server wrote."""
        path = self.folder / "samba.log"
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]) if path.exists() else ""

    # --- creating ---

    def provision(self) -> None:
        """Create an empty domain. Raises SambaError with the output of samba-tool."""
        shutil.rmtree(self.folder, ignore_errors=True)  # what an interrupted run left
        for name in ("private", "state", "cache", "lock", "run", "bind-dns"):
            (self.folder / name).mkdir(parents=True)
        address = free_address()
        (self.folder / "address").write_text(address, encoding="ascii")
        self._certify(address)
        values = {"netbios": NETBIOS, "realm": REALM, "host": HOST.upper(), "dns": DNS}
        text = CONFIGURATION.format(address=address, folder=self.folder, **values)
        (self.folder / "smb.conf").write_text(text, encoding="utf-8")
        command = ["samba-tool", "domain", "provision", f"--configfile={self.folder / 'smb.conf'}", "--server-role=dc"]
        command += [f"--realm={REALM}", f"--domain={NETBIOS}", f"--host-name={HOST}", f"--host-ip={address}"]
        command += ["--dns-backend=NONE"]
        # samba-tool chooses the administrator's password and prints it: so it is never on a command line
        password = re.search(r"Admin password:\s+(\S+)", self._run(command))
        if password is None:
            raise SambaError("samba-tool did not print the administrator's password")
        (self.folder / "administrator.txt").write_text(password[1], encoding="ascii")

    def _certify(self, address: str) -> None:
        authority = trustme.CA(organization_name="Demo Customer directory")
        authority.cert_pem.write_to_path(str(self.ca))
        served = authority.issue_cert(HOST_NAME, DNS, address)
        (self.folder / "dc.pem").write_bytes(b"".join(pem.bytes() for pem in served.cert_chain_pems))
        key = os.open(self.folder / "dc.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # else Samba refuses it
        with os.fdopen(key, "wb") as file:
            file.write(served.private_key_pem.bytes())

    @staticmethod
    def _run(command: list[str]) -> str:
        """Return what a command of the system's own Python printed. Raises SambaError."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PROVISION_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise SambaError(f"{' '.join(command[:3])} ended with {done.returncode}: {done.stdout[-2000:]}")
        return done.stdout

    def snapshot(self) -> None:
        """Keep the contents; the server must not run."""
        shutil.copytree(self.folder / "private", self.folder / "snapshot", ignore=shutil.ignore_patterns("ldapi"))

    def forget_changes(self) -> None:
        """Put the contents back to the snapshot; the server must not run."""
        shutil.rmtree(self.folder / "private")
        shutil.copytree(self.folder / "snapshot", self.folder / "private")

    def overwrite(self, dn: str, attribute: str, value: str) -> None:
        """Replace an attribute that no protocol lets anybody write, such as an old date of the last password change."""
        database = self.folder / "private/sam.ldb.d" / f"{BASE.upper()}.ldb"
        self._run([str(SYSTEM_PYTHON), "-c", OVERWRITE, str(database), dn, attribute, value])

    # --- running ---

    def start(self) -> None:
        """Start the server, unless it runs, and wait until it listens. Raises SambaError with its log."""
        if self.runs:
            return
        with (self.folder / "samba.log").open("wb") as log:
            self._process = subprocess.Popen(
                # interactive: it ends when its standard input does
                [PROGRAM, "--interactive", "--model=single", f"--configfile={self.folder / 'smb.conf'}"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,  # it ends its own process group
            )
        (self.folder / "pid").write_text(str(self._process.pid), encoding="ascii")
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SambaError(f"the domain controller does not listen:\n{self.log}")
            time.sleep(0.02)

    def _listens(self) -> bool:
        # the last of the ports that it opens
        with socket.socket() as probe:
            return probe.connect_ex((self.address, LDAPS)) == 0

    @property
    def runs(self) -> bool:
        """Whether the server of this folder runs, whichever process started it."""
        return self._pid() is not None

    def _pid(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.folder / "pid").read_text(encoding="ascii"))
            # another process may have got the number: ours works in this folder
            if Path(f"/proc/{pid}/cwd").readlink() == self.folder:
                return pid
        return None

    def stop_own(self) -> None:
        """End the server that this process started, if it still runs."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop(self) -> None:
        """End the server, whichever process started it."""
        self.stop_own()
        pid = self._pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + STOP_SECONDS
        while self.runs and time.monotonic() < deadline:
            time.sleep(0.02)
