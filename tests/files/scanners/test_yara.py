"""The embedded scanner on plain files: windows, rules that do or do not fit them, streams that misbehave."""

import os
import threading
import tracemalloc
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chalicelib.files.scanners import Finding, Outcome, ScannerUnavailable, scan, yara
from chalicelib.files.scanners.reach import NeedsWholeFile, longest_string
from chalicelib.files.scanners.yara import WINDOW
from tests.files.scanners import samples
from tests.files.scanners.conftest import CLEAN, INFECTED, Configure, judge
from tests.files.scanners.samples import EICAR, TEXT, Stream

WHOLE_FILE = Finding(Outcome.UNSCANNABLE, "rules_need_whole_file")

quick = hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0", id="one byte"),
        pytest.param(TEXT, id="text"),
        pytest.param(samples.pdf(), id="pdf"),
        pytest.param(samples.jpeg(), id="jpeg"),
        pytest.param(EICAR[:-1], id="test virus without its end"),
        pytest.param(EICAR[:34] + b" " + EICAR[34:], id="test virus with a gap"),
    ],
)
@pytest.mark.parametrize("most", [1, 1 << 20])
def test_a_clean_file_is_clean(content: bytes, most: int) -> None:
    assert judge(content, most) == CLEAN


@pytest.mark.parametrize("most", [1, 7, 1 << 20])
def test_the_test_virus_is_found_alone_and_among_other_bytes(most: int) -> None:
    for content in (EICAR, EICAR + b"\n", TEXT + EICAR, EICAR + TEXT):
        assert judge(content, most) == INFECTED


@pytest.mark.parametrize("start", [WINDOW - 69, WINDOW - 68, WINDOW - 67, WINDOW - 34, WINDOW - 1, WINDOW, WINDOW + 1])
@pytest.mark.parametrize("behind", [0, 1000])
def test_the_test_virus_is_found_across_the_edge_of_a_window(start: int, behind: int) -> None:
    assert judge(b"\0" * start + EICAR + b"\0" * behind) == INFECTED


def test_the_test_virus_is_found_at_the_second_edge_and_in_the_last_bytes_of_a_large_file() -> None:
    second_edge = 2 * WINDOW - len(EICAR)
    assert judge(b"x" * second_edge + EICAR + b"x" * WINDOW) == INFECTED
    assert judge(os.urandom(20 * 1024 * 1024) + EICAR, 100_003) == INFECTED
    assert judge(os.urandom(20 * 1024 * 1024), 100_003) == CLEAN


@quick
@given(before=st.integers(0, 900), behind=st.integers(0, 900), most=st.integers(1, 400), window=st.integers(136, 300))
def test_the_test_virus_is_found_wherever_it_lies(before: int, behind: int, most: int, window: int) -> None:
    with mock.patch.object(yara, "WINDOW", window):
        assert judge(b"X" * before + EICAR + b"5" * behind, most) == INFECTED
        assert judge(b"X" * before + EICAR[:-1] + b"5" * behind, most) == CLEAN


def test_a_scan_stops_reading_soon_after_it_found_something() -> None:
    stream = Stream(EICAR + b"x" * 4 * WINDOW)
    assert scan(stream, size=4 * WINDOW + len(EICAR)) == INFECTED
    assert len(stream.read()) > 2 * WINDOW


RULES = {
    "text": ('$a = "needle"', "$a", 6),
    "wide text": ('$a = "needle" wide', "any of them", 12),
    "either width, any case": ('$a = "needle" ascii wide nocase', "any of ($a)", 12),
    "xor": ('$a = "needle" xor(1-255)', "$a", 6),
    "base64": ('$a = "needle" base64', "$a", 12),
    "wide base64": ('$a = "needle" wide base64wide', "$a", 40),
    "alternatives of different lengths": ("$a = { 01 ( 02 03 04 | 05 | 06 07 ) 08 }", "$a", 5),
    "hex with jumps": ("$a = { 01 ?? ~03 [2-4] 0? [3] 05 }", "$a", 12),
    "hex with alternatives": ("$a = { 01 ( 02 | 03 04 ( 05 06 | 07 ) 08 ) /* } */ 09 }", "$a", 7),
    "regex": (r"$a = /ab{2,5}(cd|e[f-h]{3}|\x41\.)?k/i", "$a", 11),
    "many": ('$a = "ab" $b = "abcd" // $c = "abcdef"\n $c = "abc"', "1 of ($a, $b*) or ($c)", 4),
    "anonymous": ('$ = "ab" $ = "abcd"', "any of them", 4),
}


def rule(strings: str, condition: str) -> str:
    return (
        '/* rule x {} */ rule First : tag { meta: a = "rule { condition: " '
        f"strings: {strings} condition: {condition} }}"
    )


@pytest.mark.parametrize("name", RULES)
def test_rules_of_bounded_strings_work_in_windows(name: str) -> None:
    strings, condition, longest = RULES[name]
    assert reach(rule(strings, condition)) == longest


def reach(source: str) -> int:
    import yara_x

    compiled = yara_x.compile(source)
    return longest_string(source, ((r.identifier, [p.identifier for p in r.patterns]) for r in compiled))


WHOLE_FILE_RULES = {
    "and": rule('$a = "ab" $b = "cd"', "$a and $b"),
    "not": rule('$a = "ab" $b = "cd"', "$a or not $b"),
    "all": rule('$a = "ab" $b = "cd"', "all of them"),
    "two of": rule('$a = "ab" $b = "cd"', "2 of them"),
    "filesize": rule('$a = "ab"', "$a or filesize > 10MB"),
    "at": rule('$a = "ab"', "$a at 0"),
    "in": rule('$a = "ab"', "$a in (0..100)"),
    "count": rule('$a = "ab"', "#a > 3"),
    "offset": rule('$a = "ab"', "@a[1] > 3 or $a"),
    "integers": rule('$a = "ab"', "uint16(0) == 0x5A4D or $a"),
    "for": rule('$a = "ab"', "for any of them : ( $ at 5 )"),
    "module": 'import "math" ' + rule('$a = "ab"', "$a or math.entropy(0, filesize) > 7"),
    "pe": 'import "pe" ' + rule('$a = "ab"', "$a or pe.is_pe"),
    "another rule": rule('$a = "ab"', "$a") + 'rule Second { strings: $a = "cd" condition: First or $a }',
    "global rule": 'global rule Second { strings: $a = "cd" condition: $a } ' + rule('$a = "ab"', "$a"),
    "unbounded regex": rule("$a = /ab.*cd/", "$a"),
    "open repetition": rule("$a = /ab.{3,}cd/", "$a"),
    "anchor": rule("$a = /^abcd/", "$a"),
    "word boundary": rule(r"$a = /\babcd/", "$a"),
    "fullword": rule('$a = "abcd" fullword', "$a"),
    "unbounded jump": rule("$a = { 01 02 [4-] 03 04 }", "$a"),
    "any jump": rule("$a = { 01 02 [-] 03 04 }", "$a"),
    "one of many rules": rule('$a = "ab"', "$a") + 'rule Second { strings: $a = "cd" condition: #a == 2 }',
}


@pytest.mark.parametrize("name", WHOLE_FILE_RULES)
def test_rules_that_need_the_whole_file_make_files_over_a_window_unscannable(
    name: str, configure: Configure, tmp_path: Path
) -> None:
    with pytest.raises(NeedsWholeFile):
        reach(WHOLE_FILE_RULES[name])
    path = tmp_path / "rules.yar"
    path.write_text(WHOLE_FILE_RULES[name])
    configure(YARA_RULES=path)
    unread = mock.Mock()
    assert scan(unread, size=WINDOW + 1) == WHOLE_FILE
    unread.read.assert_not_called()


def test_rules_that_need_the_whole_file_say_so_at_start(
    configure: Configure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rules.yar"
    path.write_text(WHOLE_FILE_RULES["filesize"])
    configure(YARA_RULES=path)
    with mock.patch("chalicelib.logs.logger.warning") as warning:
        judge(TEXT)
        judge(TEXT)
    warning.assert_called_once()
    assert "filesize" in warning.call_args.kwargs["extra"]["because"]


def test_rules_that_need_the_whole_file_judge_a_file_of_one_window_and_what_is_packed_in_it(
    configure: Configure, tmp_path: Path
) -> None:
    path = tmp_path / "rules.yar"
    path.write_text('rule Both { strings: $a = "alpha" $b = "omega" condition: $a at 0 and $b }')
    configure(YARA_RULES=path)
    found = Finding(Outcome.INFECTED, "Both")
    exactly = b"alpha" + os.urandom(WINDOW // 2) + b"x" * (WINDOW // 2 - 10) + b"omega"
    assert judge(exactly) == found
    assert judge(exactly + b"!") == WHOLE_FILE
    assert judge(b" " + exactly[:-1]) == CLEAN
    assert judge(samples.zipped({"a": exactly})) == found
    assert judge(samples.zipped({"a": b"x" + exactly})) == WHOLE_FILE


_LETTER = st.sampled_from("ab")
_WORD = st.text("ab", min_size=2, max_size=5)
_REGEX = st.recursive(
    st.one_of(_WORD, st.sampled_from(["[ab]", ".", r"\x61"])),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(inner, st.integers(1, 2), st.integers(2, 3)).map(lambda x: f"({x[0]}){{{x[1]},{x[2]}}}"),
        inner.map(lambda one: f"({one})?b"),
    ),
    max_leaves=4,
)
_PATTERN = st.one_of(
    _WORD.map(lambda word: f'"{word}"'),
    _WORD.map(lambda word: f'"{word}" wide'),
    st.tuples(_WORD, st.integers(0, 4), _WORD).map(
        lambda x: f"{{ {x[0].encode().hex(' ')} [{x[1]}-{x[1] + 3}] ( {x[2].encode().hex()} | 61 62 ) }}"
    ),
    _REGEX.map(lambda regex: f"/ab{regex}/s"),
)


@quick
@given(pattern=_PATTERN, content=st.text("abc\0", max_size=600).map(str.encode), spare=st.integers(1, 50))
def test_windows_find_what_a_look_at_the_whole_file_finds(pattern: str, content: bytes, spare: int) -> None:
    import yara_x

    rules = yara_x.compile(f"rule R {{ strings: $a = {pattern} condition: $a }}")
    whole = bool(rules.scan(content).matching_rules)
    overlap = reach(f"rule R {{ strings: $a = {pattern} condition: $a }}") - 1
    matched: list[bytes] = []

    def match(window: bytes) -> None:
        if rules.scan(window).matching_rules:
            matched.append(window)

    with mock.patch.object(yara, "WINDOW", overlap + spare):
        windows = yara.Windows(match, overlap)
        windows.feed(content)
        windows.finish()
    assert bool(matched) == whole


@quick
@given(st.binary(max_size=2000), st.integers(1, 500))
def test_arbitrary_bytes_always_get_a_verdict(content: bytes, most: int) -> None:
    assert judge(content, most).outcome in Outcome


class Broken:
    """A stream that fails in the middle, as a lost connection to S3 does."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int = -1, /) -> bytes:
        content, self._content = self._content, b""
        if not content:
            raise OSError("the source broke")
        return content


@pytest.mark.parametrize("kind", ["plain", "zip", "gzip", "bzip2", "xz", "tar"])
def test_an_error_of_the_stream_comes_out_as_itself(kind: str) -> None:
    content = {
        "plain": TEXT,
        "zip": samples.zipped({"a": os.urandom(1000)}),
        "tar": samples.tarred({"a": TEXT}),
        **{name: compress(os.urandom(1000)) for name, compress in samples.COMPRESSORS.items()},
    }[kind]
    with pytest.raises(OSError, match="the source broke"):
        scan(Broken(content[:700]), size=len(content))


@pytest.mark.parametrize("content", [TEXT, samples.zipped({"a": TEXT}), samples.gzipped(TEXT), b""])
def test_a_stream_of_another_size_than_said_is_never_judged(content: bytes) -> None:
    for size in {len(content) + 1, max(len(content) - 1, 0)} - {len(content)}:
        with pytest.raises(ScannerUnavailable):
            scan(Stream(content), size=size)


def test_an_engine_that_gives_up_means_not_yet() -> None:
    import yara_x

    broken = mock.Mock()
    broken.return_value.scan.side_effect = yara_x.TimeoutError("too slow")
    with mock.patch.object(yara_x, "Scanner", broken), pytest.raises(ScannerUnavailable):
        judge(TEXT)


def test_threads_compile_the_rules_once_and_scan_side_by_side(configure: Configure, tmp_path: Path) -> None:
    path = tmp_path / "rules.yar"
    path.write_text(rule('$a = "needle"', "$a"))
    configure(YARA_RULES=path)
    outcomes: dict[int, Outcome] = {}
    with mock.patch.object(yara, "_compile", wraps=yara._compile) as compiling:
        threads = [
            threading.Thread(target=lambda n=n: outcomes.update({n: judge(b"hay" * n + b"needle" * (n % 2)).outcome}))
            for n in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outcomes == {n: Outcome.INFECTED if n % 2 else Outcome.CLEAN for n in range(20)}
    compiling.assert_called_once()


class Noise:
    """A long stream that is made as it is read."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._block = os.urandom(1 << 16)

    def read(self, size: int = -1, /) -> bytes:
        block = self._block[: min(size, self._left)]
        self._left -= len(block)
        return block


def test_memory_stays_flat_however_long_the_file() -> None:
    judge(TEXT)
    peaks = []
    for size in (16 * 1024 * 1024, 128 * 1024 * 1024):
        tracemalloc.start()
        assert scan(Noise(size), size=size) == CLEAN
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] / peaks[0] < 1.1
