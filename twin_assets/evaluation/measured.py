"""What all models of figures share."""

from pydantic import BaseModel, ConfigDict


class Measured(BaseModel):
    """Figures; a number that is not finite survives in JSON, so that the gate sees it in a stored report, too."""

    model_config = ConfigDict(ser_json_inf_nan="constants")
