"""What a teacher is asked, and the form in which it answers."""

from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from twin_assets.datasets.drafts import Material
from twin_assets.digests import digest

PROMPT_VERSION = 2
"""Raised when the prompt or the validation changes, so that the teacher is asked again."""

PROMPT = """Below is a passage from {a_piece}{titled}. Write the one request to which exactly this passage is the \
answer: {wish}. The request stands alone: it names its subject, and mentions no passage, text or author. It asks for \
nothing that the passage does not say and copies no sentence of it. At most 25 words. Answer as JSON: \
{{"instruction": "..."}}

<passage>
{passage}
</passage>"""

WISHES: dict[str, str] = {
    "write": "a request to write about its subject",
    "explain": "a request to explain its subject",
    "opinion": "a question for the writer's opinion on its subject",
    "answer": "the question that it answers",
    "chat": "a request to say this in a chat",
    "code": "a request to write this code, by what it does",
}
"""The families that a teacher writes requests for; the others' requests hold the author's own text."""


class Reply(BaseModel):
    """A teacher's answer; its JSON schema constrains what the model can say."""

    model_config = ConfigDict(extra="forbid")

    instruction: Annotated[str, Field(min_length=8, max_length=400)]


class Question(NamedTuple):
    """One prompt, and what it was made of."""

    prompt: str
    sample_id: str
    document_id: str
    passage: str
    private: bool


def question(material: Material, sample_id: str, family: str) -> Question:
    """The question for a passage that serves a family of `WISHES`."""
    titled = f' titled "{material.title}"' if material.title else ""
    prompt = PROMPT.format(a_piece=material.piece[1], titled=titled, wish=WISHES[family], passage=material.text)
    private = material.document.scope == "private"
    return Question(prompt, sample_id, material.document.document_id, material.text, private)


def response_key(identity: str, prompt: str, temperature: float, max_tokens: int) -> str:
    """What a teacher's answer is kept under: the model, the prompt, the schema and the parameters."""
    return digest("response", identity, prompt, Reply.model_json_schema(), temperature, max_tokens)
