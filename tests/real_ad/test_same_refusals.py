"""The simulator refuses a sign-in as a real directory does: the same sub-code, the same count of wrong passwords."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations

from tests.real_ad.account_defects import expire_password, in_days, lock_out
from tests.real_ad.administrator import Administrator, filetime, sub_code
from tests.real_ad.contents import DISABLED, NEVER_EXPIRES, NORMAL, READER_UPN, SERVICE, SMART_CARD
from tests.real_ad.real_directory import EMAIL, RealDirectory
from tests.simulator.harness import Simulator


@dataclass(frozen=True)
class State:
    """One state of an account: its condition in the simulator, its flags and attributes in the directory."""

    condition: str
    flags: int = 0
    attributes: dict[str, str | int | bytes] = field(default_factory=dict)
    password_can_expire: bool = False


STATES = {
    "disabled": State("ACCOUNT-2:site", DISABLED),
    "locked out": State("locked"),
    "expired": State("expired", attributes={"accountExpires": filetime(in_days(-2))}),
    "wrong hours": State("logon-530", attributes={"logonHours": b"\0" * 21}),
    "wrong workstation": State("logon-531", attributes={"userWorkstations": "PC1"}),
    "must change": State("must-change", attributes={"pwdLastSet": 0}, password_can_expire=True),
    "password expired": State("password-expired", password_can_expire=True),
    "smart card": State("smart-card", SMART_CARD),
}
# the model knows one of each pair at a time
NOT_TOGETHER = {("wrong hours", "wrong workstation"), ("must change", "password expired")}
ALONE: list[tuple[str, ...]] = [(), *((name,) for name in STATES)]
# states, and whether the password is right
CASES = [(names, right) for names in ALONE for right in (True, False)]
CASES += [(names, True) for names in combinations(STATES, 2) if names not in NOT_TOGETHER]


def set_states(ad: RealDirectory, names: tuple[str, ...]) -> None:
    states = [STATES[name] for name in names]
    lasting = 0 if any(state.password_can_expire for state in states) else NEVER_EXPIRES
    if "password expired" in names:
        expire_password(ad)
    given = {name: value for state in states for name, value in state.attributes.items()}
    ad.administrator.set(SERVICE, userAccountControl=NORMAL | lasting | sum(s.flags for s in states), **given)
    if "locked out" in names:  # at last: a change of userAccountControl unlocks
        lock_out(ad)


def restore(ad: RealDirectory) -> None:
    ad.administrator.set(
        SERVICE,
        userAccountControl=NORMAL | NEVER_EXPIRES,
        accountExpires=0,
        logonHours=None,
        userWorkstations=None,
        lockoutTime=0,
    )
    ad.administrator.set_password(SERVICE, ad.password)


def test_states_alone_and_together(changing_ad: RealDirectory, simulator: Simulator) -> None:
    port = int(simulator.ready["ldaps_port"])

    def real_refusal(password: str) -> tuple[str, int]:
        before = changing_ad.administrator.number(SERVICE, "badPwdCount")
        code = sub_code(changing_ad.address, changing_ad.ca, EMAIL, password)
        return code, changing_ad.administrator.number(SERVICE, "badPwdCount") - before

    def simulated_refusal(password: str) -> tuple[str, int]:
        with Administrator("localhost", simulator.ca, READER_UPN, simulator.password, port=port) as reader:
            before = reader.number(SERVICE, "badPwdCount")
            code = sub_code("localhost", simulator.ca, EMAIL, password, port=port)
            return code, reader.number(SERVICE, "badPwdCount") - before

    differences = {}
    for names, right in CASES:
        restore(changing_ad)
        set_states(changing_ad, names)
        simulator.reset()
        simulator.plant("directory-reader", *(STATES[name].condition for name in names))
        real = real_refusal(changing_ad.password if right else "wrong")
        other = simulated_refusal(simulator.password if right else "wrong")
        if real != other:
            differences[names, right] = {"real": real, "simulated": other}
    assert differences == {}
