"""Instructions that a teacher writes in the place of the rules', where they are good enough."""

from collections.abc import Callable, Collection
from dataclasses import replace

from twin_assets.datasets.drafts import Material
from twin_assets.datasets.questions import WISHES, Question, question
from twin_assets.datasets.sample_builder import SampleBuilder, with_context
from twin_assets.datasets.validation import taught_rejection, tidied

Ask = Callable[[list[Question]], list[str | None]]
"""Instructions for questions in their order, None where there is none: `Teacher.ask`."""


def teach(builder: SampleBuilder, teacher: Ask, name: str, passages: Collection[str]) -> int:
    """Let the teacher write the instructions of new samples of those passages; how many it was asked for."""
    asked = [(sample_id, material) for sample_id, material in builder.fresh.items() if material.passage_id in passages]
    asked = [(sample_id, material) for sample_id, material in asked if _suits(builder, sample_id, material)]
    questions = [question(material, i, builder.samples[i].family) for i, material in asked]
    outputs = teacher(questions) if questions else []
    for (sample_id, material), output in zip(asked, outputs, strict=True):
        reason = "no_answer" if output is None else _exchange(builder, sample_id, material, tidied(output), name)
        builder.taken.refused[f"teacher_{reason or 'accepted'}"] += 1
    return len(questions)


def _suits(builder: SampleBuilder, sample_id: str, material: Material) -> bool:
    """Whether a teacher can write the instruction: of an English passage that is the answer as a whole."""
    sample = builder.samples[sample_id]
    return sample.family in WISHES and material.english and sample.answer == material.text


def _exchange(builder: SampleBuilder, sample_id: str, material: Material, instruction: str, name: str) -> str:
    """Give a sample another instruction, with the context that it asks for; else why not."""
    before, draft, context = builder.samples[sample_id], material.draft(instruction), None
    if reason := taught_rejection(instruction, material):
        return reason
    if before.context:
        context = builder.context(material, draft)
        if context is None:
            return "no_context"
    if builder.too_long(draft, context):
        return "too_long"
    if reason := builder.taken.exchange(before, draft, material):
        return reason
    changed = replace(before, instruction=instruction, origin=f"teacher:{name}")
    builder.samples[sample_id] = with_context(changed, context)
    return ""
