"""The sections of `twin.yaml` about instruction and preference data."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from twin_assets.settings.section import Fraction, Positive, Strict


class PreferenceOrigins(Strict):
    """What the rejected answers are: weights, of which each instruction is given one of those that suit it."""

    base: Annotated[float, Field(ge=0)] = 0.5
    """The base model's own answer; also where another origin has nothing to give."""
    champion: Annotated[float, Field(ge=0)] = 0.2
    """The answer of the twin that is deployed: self-play. Before there is one, the base model's."""
    plain: Annotated[float, Field(ge=0)] = 0.3
    """The author's own text without its manner, by rules."""
    ungrounded: Annotated[float, Field(ge=0)] = 1.0
    """Text that the retrieved passages do not support; only for requests with retrieved passages."""

    @model_validator(mode="after")
    def _any(self) -> "PreferenceOrigins":
        if not (self.base or self.champion or self.plain):
            raise ValueError("base, champion or plain must be above 0: `ungrounded` suits few requests")
        return self


Family = Literal[
    "write", "explain", "opinion", "notes", "continue", "shorten", "lengthen", "answer", "code", "chat", "unanswerable"
]
"""A kind of request (`twin_assets.datasets.families`)."""
SHARES: dict[Family, float] = {
    "write": 0.12,
    "explain": 0.2,
    "opinion": 0.15,
    "notes": 0.12,
    "continue": 0.12,
    "shorten": 0.1,
    "lengthen": 0.1,
    "answer": 0.2,
    "code": 0.1,
    "chat": 0.2,
    "unanswerable": 0.0,
}
"""Shares of the families where `datasets.families` names no other."""
LARGEST_UNANSWERABLE = 0.2


class DatasetSettings(Strict):
    """Instruction and preference data."""

    teacher: str = "local"
    split: Literal["time", "hash"] = "time"
    """`time`: the newest writing is the test set. `hash`: documents are drawn, whenever they were written."""
    allow_teachers: tuple[str, ...] = ()
    """Teachers elsewhere than on this machine, by LiteLLM's name, that may be sent public writing."""
    allow_teachers_private: tuple[str, ...] = ()
    """Those that may be sent private writing."""
    families: dict[Family, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """Shares of the kinds of requests, over the defaults; 0 for none. Among those that suit a passage each is chosen
    in proportion to its share; `unanswerable` is the share of samples besides."""
    samples_per_passage: Annotated[int, Field(ge=1, le=3)] = 1
    """Samples that a passage serves in at most, each with another answer."""
    sample_tokens: Annotated[int, Field(ge=128)] = 512
    """The most tokens of a sample, prompt and answer together: the trainer's `sequence_len`."""
    validation: Fraction = 0.1
    test: Fraction = 0.15
    passage_tokens: Positive = 320
    min_quality: Fraction = 0.5
    """Quality from which a document is trained on."""
    min_answer_words: Positive = 12
    min_train_samples: Positive = 40
    min_test_words: Positive = 400
    preference_pairs: Positive = 96
    preference_origins: PreferenceOrigins = PreferenceOrigins()
    preference_round: Annotated[int, Field(ge=0)] = 0
    """Raised by the owner to have the champion answer anew where it is asked: a round of self-play."""
    feedback_batch: Positive = 20
    """New edits and thumbs after which preferences are made anew: not each click trains a model."""
    train_on_private: bool = False
    """Train on messages, unlisted and paid posts, too: a model may repeat what it was trained on to anyone."""
    seed: int = 42

    @property
    def shares(self) -> dict[Family, float]:
        """The share of every family."""
        return {**SHARES, **self.families}

    @model_validator(mode="after")
    def _sound_shares(self) -> "DatasetSettings":
        shares = self.shares
        if shares["unanswerable"] > LARGEST_UNANSWERABLE:
            raise ValueError(f"families.unanswerable is {shares['unanswerable']}: at most {LARGEST_UNANSWERABLE}")
        if not any(share for family, share in shares.items() if family != "unanswerable"):
            raise ValueError("families: every share is 0, so that there is nothing to make")
        return self
