"""What passes have in common.

=========================  ===================================================================
`purity.py`                whether anybody can tell when, or how often, an op runs
`effects.py`               which blocks have effects that their data orders completely
`fold.py`                  constants, and ops on constants
`laws.py`                  the laws of arithmetic that kernels declare
`regroup.py`               integer constants that become one
`control.py`               branches and loops whose way is known
`call_sites.py`            who calls which function
`rewriting.py`             rewrite patterns that keep locations
`replacing.py`             ops and values in the place of others, and casts
`splice.py`                a body in place of the op that runs it
`buffer_uses.py`           what ops do with the memory of arrays
`block_buffers.py`         where in memory the results of a block are
`number_ops.py`            kernels on arrays of one number, as ops on numbers
`array_ops.py`             ops of the core runtime as kernels on arrays
`fused_steps.py`           steps of these kernels, taken apart and put together
`source_functions.py`      functions of frameworks' programs
`source_ops.py`            ops of frameworks' dialects as ops of the core runtime
`source_failures.py`       which of them may fail, and loops that certainly run
`function_builder.py`      functions of kernels that are made of frameworks'
`lowered_ops.py`           what single ops of frameworks become
`lowered_control_flow.py`  what calls, branches and loops of frameworks become
`core_ops.py`              what op of the core runtime an op of a framework is
`saved_models.py`          variables and users' names in text of saved models
`tf_attributes.py`         attributes of TensorFlow's ops that follow from types
`tf_control_flow.py`       TensorFlow's calls, branches and loops
`tf_variables.py`          variables that no op changes
`custom_calls.py`          calls of what the specification leaves to others, as ops of the core runtime
`source_values.py`         what is told of values of StableHLO's programs by their types, and by the ops that make them
`source_insertion.py`      making ops of StableHLO in front of others
`source_patterns.py`       simplifications of ops of StableHLO
`elementwise_patterns.py`  the same of arithmetic, comparisons and selections
`shape_inference.py`       what is known of the results of an op
`fact_propagation.py`      what is known of all values of a program
`reductions.py`            what reductions of one array combine elements by
`reduced_shapes.py`        the shapes of what they go over, and of values around them
`fused_reductions.py`      the kernel that they become with the elementwise kernels around them
`layers.py`                layers in what frameworks spell out
`canonical_floats.py`      comparisons of floats whose zeros and NaN are replaced
`first_elements.py`        sorts of which only the first elements are used
`searches.py`              loops that halve what is left of a sorted line
`axes.py`                  dimensions as products of axes, which stay through reshapes and transposes
`scores.py`                what lies between the two products of an attention
`remarks.py`               what passes have to say about a program that is in order
=========================  ===================================================================
"""
