"""The author's own text lies within the author's range of style, and another's does not."""

from twin_assets.datasets.style import style_ranges
from twin_assets.evaluation.others import SAMPLE_AUTHOR, SAMPLE_AUTHOR_NAME, choose_others
from twin_assets.evaluation.text import Piece
from twin_assets_tests.datasets.conftest import paragraph


def test_the_authors_passages_are_inside_and_other_prose_is_not() -> None:
    found = choose_others(None, [], "Somebody Else", [], SAMPLE_AUTHOR).pieces
    own = [piece for piece in found if piece.by == SAMPLE_AUTHOR_NAME]
    foreign = "In conclusion, it is important to note that there are numerous benefits to consider. " * 60
    ranges = style_ranges(own, {"own": own[::2], "foreign": [Piece("x", foreign)], "nothing": [Piece("y", "Hm.")]})
    assert set(ranges) == {"own", "foreign"}
    assert ranges["own"].inside >= 0.9
    assert ranges["foreign"].inside == 0.0
    assert ranges["own"].group_median < ranges["own"].bound < ranges["foreign"].group_median


def test_of_too_little_text_nothing_is_said() -> None:
    assert style_ranges([Piece("a", paragraph("a", 30))], {"own": [Piece("a", paragraph("a", 30))]}) == {}
