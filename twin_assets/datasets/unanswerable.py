"""Questions that nothing in the author's writing answers: about everyday subjects that it never touches.

A subject is taken only when none of its content words stands anywhere in the author's passages, so that "I have not
written about that" is true.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from twin_assets.datasets.topics import Topics
from twin_assets.datasets.words import content_stems
from twin_assets.digests import digest

_TEMPLATES = (
    "What have you written about {about}?",
    "What do you say about {about}?",
    "Tell me what you have written on {about}.",
    "What is your advice on {about}?",
    "How do you explain {about}?",
    "I am looking for what you wrote about {about}. What was it?",
)

SUBJECTS: tuple[str, ...] = tuple(
    """sourdough starters; pruning rose bushes; knitting a jumper; the offside rule; breeding goldfish; pension reform;
    the Crimean War; baroque cello; treating athlete's foot; fermenting kimchi; beekeeping in winter; ballroom dancing;
    volcanic soils; medieval tapestry; roulette; the Krebs cycle; figure skating; potty training; vaccinating
    puppies; stamp collecting; growing orchids; haiku; the Peloponnesian War; wedding speeches; upholstery; falconry;
    alpine skiing; espresso machines; dressage; curling; the Magna Carta; fencing; macramé; pickling cucumbers; tax
    havens; repairing violins; tarot; homeopathy; snorkelling; Gothic cathedrals; training a parrot; cheesemaking;
    lawn mowers; mortgage rates; the Ottoman Empire; photosynthesis; tattoo removal; rugby scrums; hot air balloons;
    pottery glazes; origami; the electoral college; marathon nutrition; braces for teenagers; crocheting; bonsai trees;
    carnivorous plants; samurai armour; Renaissance sculpture; opera librettos; sushi rice; juggling; wallpaper;
    plasterboard; sewing zips; perfume; hedgehogs; mushroom foraging; archery; taxidermy; yodelling; campanology;
    glacier melt; quilting; cricket bowling; gluten intolerance; divorce law; feng shui; chess openings; mime;
    bagpipes; lacrosse; trampolines; ventriloquism; venetian blinds; wisdom teeth; vegan cheese; hamster cages; ikebana;
    limericks; marzipan; the Aztecs; penguins; puppet theatre; rhubarb; scarecrows; sumo wrestling; tango; ukuleles;
    varicose veins; waltzes; xylophones; yoghurt; zebras; asparagus; badminton; calligraphy; dandruff; eyeliner;
    flamenco; gargoyles; harpsichords; igloos; jigsaw puzzles; kayaking; llamas; mosaics; nursery rhymes; oboes;
    porcelain; quicksand; rosemary; saffron; tambourines; unicycles; vaudeville; walnuts; yeast infections; zodiac
    signs; anaesthetics; ballet shoes; catamarans; dolls' houses; earwigs; fondue; gymnastics; hairdressing;
    infertility; jousting; kaleidoscopes; laminate flooring; moustaches; nappies; ostrich farming; parsnips; quails;
    rickets; sunburn; toddlers' tantrums; ulcers; vasectomies; weaning babies""".replace("\n", " ").split("; ")
)
"""What anybody might ask about, and few write about."""


class Unanswered(NamedTuple):
    """A question, and its identity."""

    identity: str
    question: str


def unanswered(topics: Topics, count: int) -> Iterator[Unanswered]:
    """At most `count` questions about subjects of which no content word is known to `topics`, in an order of digests.

    A subject is asked about again, in other words, only after all others.
    """
    unknown = [subject for subject in _subjects() if not any(root in topics for root in content_stems(subject))]
    unknown.sort(key=lambda subject: digest("unanswerable", subject))
    made = 0
    for turn in range(len(_TEMPLATES)):
        for subject in unknown:
            if made == count:
                return
            first = int(digest("ask", subject)[:8], 16)
            template = _TEMPLATES[(first + turn) % len(_TEMPLATES)]
            yield Unanswered(digest("unanswerable", subject, template), template.format(about=subject))
            made += 1


def _subjects() -> Sequence[str]:
    return [" ".join(subject.split()) for subject in SUBJECTS]
