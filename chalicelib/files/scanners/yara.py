"""The embedded scanner: YARA rules (yara-x) over windows of the file and of everything packed inside it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.files.scanners.findings import Finding, Infected, Outcome, Readable, ScannerUnavailable, Unscannable
from chalicelib.logs import logger
from chalicelib.settings import BadSetting, settings

if TYPE_CHECKING:
    import yara_x

WINDOW = 8 * 1024 * 1024
SELF_TEST_RULES = Path(__file__).parent / "rules" / "selftest.yar"
_SELF_TEST_STAGES = ("local", "test")
_WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Compiled rules.

    Args:
        rules: safe to share between threads.
        overlap: bytes that two windows share; None when the rules need the whole file.
    """

    rules: "yara_x.Rules"
    overlap: int | None


_compiled: dict[Path, RuleSet] = {}
_compiling = threading.Lock()


def scan(stream: Readable, *, size: int) -> Finding:
    """Judge a stream; see `chalicelib.files.scanners.scan`."""
    rule_set = _rule_set()
    if rule_set.overlap is None and size > WINDOW:
        return Finding(Outcome.UNSCANNABLE, "rules_need_whole_file")

    from chalicelib.files.scanners.archives import Inspection
    from chalicelib.files.scanners.sources import pieces

    match = _matcher(rule_set)
    inspection = Inspection(settings(), lambda: Windows(match, rule_set.overlap))
    try:
        inspection.run(pieces(stream, size))
    except Infected as found:
        return Finding(Outcome.INFECTED, found.signature)
    except Unscannable as found:
        return Finding(Outcome.UNSCANNABLE, found.reason)
    return Finding(Outcome.CLEAN)


def check_ready() -> None:
    """Compile the rules, if that has not happened yet.

    Raises:
        BadSetting: there are none, or they do not compile.
    """
    _rule_set()


class Windows:
    """Searches a stream of any length: whole when it fits into one window, else in windows that overlap.

    Args:
        match: searches one window; raises Infected.
        overlap: see RuleSet.
    """

    def __init__(self, match: Callable[[bytes], None], overlap: int | None) -> None:
        self._match = match
        self._overlap = overlap
        self._held = bytearray()
        self._fresh = True

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the stream.

        Raises:
            Infected: a rule matched.
            Unscannable: the stream is larger than a window and the rules need all of it.
        """
        self._held += chunk
        self._fresh = self._fresh or bool(chunk)
        while len(self._held) > WINDOW:
            with memoryview(self._held) as held:
                window = bytes(held[:WINDOW])
            self._match(window)
            if self._overlap is None:
                raise Unscannable("rules_need_whole_file")
            del self._held[: WINDOW - self._overlap]

    def finish(self) -> None:
        """Search what is left. Does nothing when called again.

        Raises:
            Infected: a rule matched.
        """
        if self._fresh:
            self._fresh = False
            self._match(bytes(self._held))


def _matcher(rule_set: RuleSet) -> Callable[[bytes], None]:
    """A function that searches one window. Belongs to the thread that made it, as yara-x demands."""
    import yara_x

    scanner = yara_x.Scanner(rule_set.rules)
    scanner.set_timeout(_WINDOW_SECONDS)
    if rule_set.overlap is not None:
        scanner.fast_scan(True)

    def match(window: bytes) -> None:
        try:
            rules = scanner.scan(window).matching_rules
        except (yara_x.ScanError, yara_x.TimeoutError) as error:
            raise ScannerUnavailable(f"yara-x could not scan: {type(error).__name__}") from error
        if rules:
            raise Infected(rules[0].identifier)

    return match


def _rule_set() -> RuleSet:
    """The rules of this process, compiled once."""
    path = Path(settings().yara_rules) if settings().yara_rules else SELF_TEST_RULES
    if path == SELF_TEST_RULES and settings().stage not in _SELF_TEST_STAGES:
        raise BadSetting("SCANNER=yara needs YARA_RULES here: the shipped rules are a self-test and know no malware")
    with _compiling:
        if path not in _compiled:
            _compiled[path] = _compile(path)
        return _compiled[path]


def _compile(path: Path) -> RuleSet:
    import yara_x

    from chalicelib.files.scanners.reach import NeedsWholeFile, longest_string

    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadSetting(f"YARA_RULES cannot be read: {error}") from None
    compiler = yara_x.Compiler()
    compiler.add_include_dir(str(path.parent))
    try:
        compiler.add_source(source)
        rules = compiler.build()
    except yara_x.CompileError as error:
        raise BadSetting(f"YARA_RULES does not compile: {error}") from None

    count = len(list(rules))
    if not count:
        raise BadSetting("YARA_RULES holds no rule")
    kind = "self-test" if path == SELF_TEST_RULES else "configured"
    try:
        longest = longest_string(source, ((rule.identifier, [p.identifier for p in rule.patterns]) for rule in rules))
    except NeedsWholeFile as reason:
        logger.warning(
            "The YARA rules need the whole file: files larger than a window end unscannable",
            extra={"rules": count, "kind": kind, "window_bytes": WINDOW, "because": str(reason)},
        )
        return RuleSet(rules, None)
    logger.info("YARA rules compiled", extra={"rules": count, "kind": kind, "longest_string": longest})
    return RuleSet(rules, max(longest - 1, 0))
