"""Reading by nothing but the description of the format (`tfrt.executor.bef.format`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import LOCATION_LAYOUTS, RECORDS, Field, LocationTag

SIZES = {"u8": 1, "u16": 2, "u32": 4, "i64": 8}


@dataclass
class Interpreter:
    """Reads fields as they are described. `outside` has counts that are found elsewhere in the file."""

    outside: dict[str, Any] = field(default_factory=dict)

    def read(self, cursor: Cursor, fields: Sequence[Field]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for item in fields:
            if not item.times:
                values[item.name] = self.one(cursor, item)
            elif item.times == "...":
                values[item.name] = []
                while cursor.remaining:
                    values[item.name].append(self.one(cursor, item))
            else:
                count = values[item.times] if item.times in values else self.outside[item.times].pop(0)
                times = sum(count) if isinstance(count, list) else count
                values[item.name] = [self.one(cursor, item) for _ in range(times)]
        return values

    def one(self, cursor: Cursor, item: Field) -> Any:
        match item.kind:
            case "vbr" | "string" | "location string":
                return cursor.vbr(item.name)
            case "u8" | "u16" | "u32" | "i64":
                at = cursor.take(SIZES[item.kind], item.name)
                return int.from_bytes(cursor.data[at : cursor.position], "little")
            case "text":
                start = cursor.position
                while cursor.byte(item.name):
                    pass
                return bytes(cursor.data[start : cursor.position - 1])
            case "bytes":
                return cursor.byte(item.name)
            case "location":
                return self.read(cursor, LOCATION_LAYOUTS[LocationTag(cursor.byte(item.name))])
            case "aligned to 4":
                return cursor.align(4)
        return self.read(cursor, RECORDS[item.kind].fields)
