"""Statistics of a Parquet file's footer, where the footer may contradict itself.

pyarrow hands out the metadata of a column chunk by a constructor of C++ whose exceptions it does
not take: where the chunk has another type than the schema, or a count too few, they end the
process. One bit in a hundred of a footer does that (tried on 3,000 of a small file).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="pyarrow",
    version="25.0.1",
    why="`RowGroupMetaData.column` ends the process where a footer contradicts itself",
)


def footer_bounds(
    file: pq.ParquetFile, columns: Sequence[str]
) -> Mapping[str, tuple[object, object]]:
    """Return smallest and largest values of `columns` that the footer has of all row groups.

    Raises `OSError` or `pyarrow.ArrowException` where the footer does not fit itself.
    """
    schema, metadata = file.schema_arrow, file.metadata
    kinds = {name: _physical(schema.field(name).type) for name in columns if name in schema.names}
    there = [name for name, kind in kinds.items() if kind]
    found: dict[str, list[pq.Statistics | None]] = {name: [] for name in there}
    for number in range(metadata.num_row_groups if there else 0):
        # A reader meets the same constructor, and tells of what does not fit by an error.
        next(file.iter_batches(1, row_groups=[number], columns=there, use_threads=False), None)
        group = metadata.row_group(number)
        for name in there:
            chunk = group.column(file.reader.column_name_idx(name))
            # Statistics of another type than the schema's are not met by a reader.
            if chunk.physical_type != kinds[name]:
                raise OSError(f"column {name} is {chunk.physical_type} in row group {number}")
            found[name].append(chunk.statistics)
    return {
        name: (min(s.min for s in known), max(s.max for s in known))
        for name, of_groups in found.items()
        if (known := [s for s in of_groups if s is not None and s.has_min_max])
        and len(known) == len(of_groups)
    }


def _physical(kind: pa.DataType) -> str:
    """Return what Parquet calls the type of values that Arrow reads as `kind`; "" of others."""
    if pa.types.is_timestamp(kind):
        return "INT64"
    return _PHYSICAL.get(kind, "")


_PHYSICAL = {
    pa.bool_(): "BOOLEAN",
    pa.int32(): "INT32",
    pa.date32(): "INT32",
    pa.int64(): "INT64",
    pa.float64(): "DOUBLE",
    pa.string(): "BYTE_ARRAY",
    pa.large_string(): "BYTE_ARRAY",
    pa.binary(): "BYTE_ARRAY",
}
"""The types of columns that a lake has."""
