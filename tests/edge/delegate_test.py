import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from keras_sphereface.edge import examine_delegate
from keras_sphereface.edge.delegate import DelegateReport, describe_delegate


def partitions(path, **options):
    interpreter = Interpreter(str(path), **options)
    interpreter.allocate_tensors()
    names = [node["op_name"] for node in interpreter._get_ops_details()]
    return interpreter, names.count("DELEGATE")


@pytest.mark.parametrize("file", ["path", "int8"])
def test_counts_what_the_runtime_takes_when_every_operation_is_alone(
    exported, file
):
    path = getattr(exported, file)
    report = examine_delegate(path)
    # A mode of the runtime in which each delegated operation is a partition.
    _, alone = partitions(path, experimental_disable_delegate_node_fusion=True)
    assert report.delegated == alone > 0
    _, together = partitions(path)
    assert report.partitions == together
    plain, none = partitions(
        path,
        experimental_op_resolver_type=(
            OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )
    assert none == 0
    assert report.operations == len(plain._get_ops_details())
    assert sum(report.outside.values()) == report.operations - alone
    assert report.share == alone / report.operations


def test_without_the_delegate_everything_is_outside(exported):
    interpreter, _ = partitions(
        exported.path,
        experimental_op_resolver_type=(
            OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )
    report = describe_delegate(interpreter)
    assert report.delegated == report.partitions == report.share == 0
    assert report.outside["CONV_2D"] == report.outside["PRELU"] == 2


def test_a_report_reads_as_a_sentence():
    report = DelegateReport(10, 7, 2, {"PRELU": 2, "SHAPE": 1})
    assert str(report) == (
        "7 of 10 operations in 2 partitions of XNNPACK; "
        "outside: 2 PRELU, 1 SHAPE"
    )
    assert "outside" not in str(DelegateReport(7, 7, 1, {}))
