"""Assembly forms of all kinds that xDSL has and packages may use."""

import pytest

DIALECT = """
    from xdsl.dialects.builtin import StringAttr, SymbolRefAttr, f32, i32
    from xdsl.irdl import (
        AnyAttr, IRDLOperation, VarConstraint, attr_def, irdl_op_definition, operand_def, opt_attr_def,
        opt_operand_def, result_def, var_operand_def, var_result_def,
    )

    from tfrt.ir import define_dialect, number_of

    ANY = AnyAttr()
    SAME = VarConstraint("T", ANY)

    def op(name, assembly_format, **fields):
        fields |= {"__module__": __name__, "name": f"guest.{name}", "assembly_format": assembly_format}
        return irdl_op_definition(type(name, (IRDLOperation,), fields))

    OPS = (
        op("types", "$x `,` $y attr-dict `:` type($x) `,` type($y) `->` type($r)",
            x=operand_def(), y=operand_def(), r=result_def()),
        op("optional", "$x (`with` $y^ `:` type($y))? attr-dict `:` type($x)",
            x=operand_def(i32), y=opt_operand_def(f32)),
        op("label", "$x (`label` $l^)? attr-dict", x=operand_def(i32), l=opt_attr_def(StringAttr)),
        op("variadic", "$xs attr-dict `:` type($xs)", xs=var_operand_def(i32)),
        op("brackets", "`[` $n `]` $x attr-dict", n=attr_def(number_of(i32)), x=operand_def(i32), r=result_def(i32)),
        op("apart", "$x `(` $xs `)` attr-dict `:` functional-type(operands, results)",
            x=operand_def(i32), xs=var_operand_def(i32), r=var_result_def(i32)),
        op("two", "$x `with` $y attr-dict `:` functional-type(operands, results)",
            x=operand_def(), y=operand_def(), r=result_def()),
        op("call", "$callee `(` $xs `)` attr-dict `:` functional-type($xs, $r)",
            callee=attr_def(SymbolRefAttr), xs=var_operand_def(), r=var_result_def()),
        op("keyword", "$x attr-dict-with-keyword `:` type($x)", x=operand_def(i32)),
        op("alike", "$x `to` $y attr-dict `:` type($x)", x=operand_def(SAME), y=operand_def(SAME), r=result_def(SAME)),
        op("as_result", "$x attr-dict `:` type($r)", x=operand_def(SAME), r=result_def(SAME)),
        op("any", "$v attr-dict", v=attr_def(ANY), r=result_def(i32)),
    )
    GUEST = define_dialect("guest", __name__)
"""

FORMS = """\
%0 = guest.types %arg0, %arg1 : i32, f32 -> i32
guest.optional %arg0 with %arg1 : f32 : i32
guest.optional %arg0 : i32
guest.label %arg0 label "s"
guest.label %arg0 {m = "s"}
guest.variadic %arg0, %arg0, %arg0 : i32, i32, i32
%0 = guest.brackets[3] %arg0
%0:2 = guest.apart %arg0(%arg0, %arg0) : (i32, i32, i32) -> (i32, i32)
guest.apart %arg0() : (i32) -> ()
%0 = guest.two %arg0 with %arg1 : (i32, f32) -> f32
%0 = guest.call @f(%arg0, %arg1) : (i32, f32) -> f32
guest.keyword %arg0 attributes {z = 1 : i32} : i32
%0 = guest.alike %arg1 to %arg1 : f32
%0 = guest.as_result %arg1 : f32
%0 = guest.any [1, 2]
%0 = guest.any 1.500000e+00 : f32
""".splitlines()


@pytest.fixture
def guest(install):
    return install("a", {"tfrt.dialects": {"guest": "of_a:GUEST"}}, of_a=DIALECT)


def opt(tool, form, *options):
    text = f"func.func @f(%arg0: i32, %arg1: f32) {{\n  {form}\n  tfrt.return\n}}"
    return tool("tfrt-opt", *options, stdin=text)


@pytest.mark.parametrize("form", FORMS)
def test_forms_read_as_they_are_printed(guest, tool, form):
    done = opt(tool, form, "--verify-roundtrip")
    assert done.err == ""
    assert f"    {form}\n" in done.out


WRONG = {
    "guest.alike %arg1 to %arg0 : f32": "2:24: error: use of value '%arg0' expects different type than prior uses:"
    " 'f32' vs 'i32'",
    "guest.two %arg0 with %arg1 : (i32) -> f32": "2:13: error: number of operands and types do not match: got 2"
    " operands and 1 types",
}


@pytest.mark.parametrize("form", WRONG)
def test_types_that_do_not_fit(guest, tool, form):
    assert opt(tool, form).err.partition("\n")[0] == f"<stdin>:{WRONG[form]}"
