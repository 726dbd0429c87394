"""Datasets: instructions that the author's own text answers, and preferences for that text over another's.

Pure of Dagster and of the engine: the teacher and the base model come in as functions from prompts to answers.
"""

from twin_assets.datasets.instructions import InstructionDataset, build_instructions
from twin_assets.datasets.preferences import PreferenceDataset, build_preferences
from twin_assets.datasets.teacher import Teacher

__all__ = ["InstructionDataset", "PreferenceDataset", "Teacher", "build_instructions", "build_preferences"]
