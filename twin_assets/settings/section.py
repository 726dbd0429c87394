"""What the sections of the config files are made of."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ROOT = Path(__file__).resolve().parents[2]
"""The project's folder: relative paths in config files are relative to it."""
Fraction = Annotated[float, Field(ge=0, le=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Positive = Annotated[int, Field(gt=0)]
PersonalData = Literal["email", "phone", "card", "iban", "ip", "secret"]
Weight = Annotated[float, Field(ge=0)]


class Strict(BaseModel):
    """A section of a config file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
