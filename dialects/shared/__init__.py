"""What dialects are made of, and what several of them share.

=======================  ==============================================================
`definitions.py`         short ways to define ops, types and dialects
`forms.py`               ops that read and print themselves
`directives.py`          parts of forms that have a spelling of their own
`spelled_attributes.py`  attributes of frameworks' dialects
`tensor_types.py`        which tensors ops of frameworks' dialects take
`traits.py`              what ops say of themselves: costs, effects on tensors, regions
`bodies.py`              what the functions and regions that an op runs take and give
`regions.py`             printing regions that re-declare operands
`value_names.py`         the names under which printers print values
`verification.py`        what the ops' verifiers share
`interning.py`           what is found out once of attributes
`walking.py`             going through ops, and traits of their classes
`ops.py`                 making, moving and dropping ops
`symbols.py`             which op a symbol names
`open_context.py`        xDSL contexts in which dialects are open to unknown ops
`corert_types.py`        types and attributes of the core runtime
`execute_op.py`          ops that execute another op by name
=======================  ==============================================================
"""
