"""Dagster's column schema from the declarations of whatever is stored."""

import dagster as dg

from wealth_pipeline.tables.relations import Relation


def column_schema(table: Relation) -> dg.TableSchema:
    """The table's columns with type, unit and description, as Dagster shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=c.name,
                type=c.sql_type,
                description=c.comment,
                constraints=dg.TableColumnConstraints(nullable=c.nullable),
            )
            for c in table.columns
        ]
    )
