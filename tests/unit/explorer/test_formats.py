import pytest

from tallystick_node.explorer import formats


@pytest.mark.parametrize(
    ("ucr", "places", "text"),
    [
        (0, 2, "0.00"),
        (1, 2, "<0.01"),
        (9_999, 2, "<0.01"),
        (10_000, 2, "0.01"),
        (1_234_567_891, 2, "1,234.56"),
        (1_234_567_891, 6, "1,234.567891"),
        (1, 6, "0.000001"),
        (99, 4, "<0.0001"),
        (-1_500_000, 2, "\u22121.50"),
    ],
)
def test_fixed_credits_line_up(ucr: int, places: int, text: str) -> None:
    assert formats.format_fixed_credits(ucr, places) == text


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (None, "\u2013"),
        (0, "from the beginning"),
        (1_790_000_000_123, "2026-09-21 14:13:20"),
        (2**48 - 1, "281474976710655 ms"),
    ],
)
def test_time_is_utc_and_never_fails(time_ms: int | None, text: str) -> None:
    assert formats.format_time(time_ms) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0 ms"), (900, "900 ms"), (59_000, "59 s"), (5_400_000, "1.5 h"), (86_400_000, "1 d")],
)
def test_duration_takes_the_largest_unit(ms: int, text: str) -> None:
    assert formats.format_duration(ms).replace("\u202f", " ") == text


def test_shares_and_factors_are_exact() -> None:
    assert formats.format_permille(1, 3).replace("\u202f", " ") == "33.3 %"
    assert formats.format_permille(1, 0) == "\u2013"
    assert formats.format_ppm(2_200_000) == "2.2"
    assert formats.format_ppm(1_000_000) == "1"
    assert formats.format_ppm_percent(800_000).replace("\u202f", " ") == "80 %"
    assert formats.format_gpu_hours(5_400_000) == "1.50"
    assert formats.format_hash("0x" + "ab" * 32) == "0xababab\u2026ababab"
    assert formats.format_hash("short") == "short"
