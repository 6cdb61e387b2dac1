"""The code location's address: what Dagster finds when it loads wealth_pipeline."""

from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.settings import Settings

defs = definitions(Settings.load())
