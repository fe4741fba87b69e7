"""Who calls: a principal with permissions, groups and an organisation."""

from dataclasses import dataclass, field

SIGNIN = "signin"  # the permission that the GOV.UK API demands of every caller; granted by default


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls.

    Attributes:
        uid: the id that access lists and owners hold.
        name: for people; not unique.
        permissions: names such as `signin` or `Manage all Assets`.
        groups: names of groups, as OVE and medialoopster know them.
        write_groups: those of them, or others, in whose name the principal may write; None: the same as `groups`.
        organisation: id of the organisation in GOV.UK access lists, if any.
        superuser: may do everything.
    """

    uid: str
    name: str
    permissions: frozenset[str] = field(default_factory=frozenset)
    groups: frozenset[str] = field(default_factory=frozenset)
    organisation: str | None = None
    superuser: bool = False
    write_groups: frozenset[str] | None = None

    @property
    def writes_for(self) -> frozenset[str]:
        """The groups in whose name the principal may write."""
        return self.groups if self.write_groups is None else self.write_groups

    def has(self, permission: str) -> bool:
        """Whether the principal may do what `permission` names; a superuser may everything."""
        return self.superuser or permission in self.permissions


LOCAL_SUPERUSER = Principal(uid="local", name="local superuser", permissions=frozenset({SIGNIN}), superuser=True)
