"""Dagster's column schema from the declarations of tables and views."""

import dagster as dg

from wealth_pipeline.tables.columns import TableSpec
from wealth_pipeline.tables.views import View


def column_schema(table: TableSpec | View) -> dg.TableSchema:
    """The table's columns with type, unit and description, as Dagster shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=c.name,
                type=c.sql_type,
                description=f"{c.description} [{c.unit}]" if c.unit else c.description,
                constraints=dg.TableColumnConstraints(nullable=c.nullable),
            )
            for c in table.columns
        ]
    )
