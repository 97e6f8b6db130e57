"""The allowlist of ops for untrusted graphs: arithmetic, arrays, variables, random, control flow.

None of them reads or writes files, uses a network, calls Python, or allocates unbounded memory. To allow another op, add its
name to the list of its subject (tensorflow/core/ops/*.cc defines all of them).
"""

from __future__ import annotations

from graphread.graph.nodes import words

_ARITHMETIC = words("""
    Abs AccumulateNV2 Acos Acosh Add AddN AddV2 All Angle Any ApproximateEqual Asin Asinh Atan Atan2 Atanh BesselI0
    BesselI0e BesselI1 BesselI1e Betainc BitwiseAnd BitwiseOr BitwiseXor Bincount DenseBincount Cast Ceil ClipByValue
    Complex ComplexAbs Conj Cos Cosh Cross Cumprod Cumsum CumulativeLogsumexp Digamma Div DivNoNan Einsum Equal Erf
    Erfc Erfinv EuclideanNorm Exp Expm1 Expint Floor FloorDiv FloorMod Greater GreaterEqual HistogramFixedWidth Igamma
    Igammac Imag Inv InvGrad Invert IsFinite IsInf IsNan LeftShift Less LessEqual Lgamma Log Log1p LogicalAnd
    LogicalNot LogicalOr MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3 SparseMatMul Max Maximum Mean Min Minimum Mod
    Mul MulNoNan Ndtri Neg NextAfter NotEqual Polygamma PopulationCount Pow Prod Real RealDiv Reciprocal ReciprocalGrad
    RightShift Rint Round Rsqrt RsqrtGrad Select SelectV2 Sigmoid SigmoidGrad Sign Sin Sinh Sqrt SqrtGrad Square
    SquaredDifference Sub Sum Tan Tanh TanhGrad TruncateDiv TruncateMod Xdivy Xlog1py Xlogy Zeta L2Loss CheckNumerics
    CheckNumericsV2 Cholesky CholeskyGrad MatrixDeterminant LogMatrixDeterminant MatrixInverse MatrixSolve Qr Svd
    MatrixTriangularSolve SelfAdjointEigV2 SparseTensorDenseMatMul FFT FFT2D IFFT IFFT2D RFFT RFFT2D IRFFT IRFFT2D
""")
_NETWORKS = words("""
    AvgPool AvgPoolGrad BiasAdd BiasAddGrad BiasAddV1 Conv Conv2D Conv2DBackpropFilter Conv2DBackpropInput Conv3D
    Conv2DBackpropFilterV2 Conv2DBackpropInputV2 Conv3DBackpropFilterV2 Conv3DBackpropInputV2 DepthwiseConv2dNative
    DepthwiseConv2dNativeBackpropFilter DepthwiseConv2dNativeBackpropInput Dilation2D Dilation2DBackpropFilter
    Dilation2DBackpropInput Elu EluGrad FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 FusedBatchNormGrad
    FusedBatchNormGradV2 FusedBatchNormGradV3 BatchNormWithGlobalNormalization BatchNormWithGlobalNormalizationGrad
    InTopK InTopKV2 LRN LRNGrad LeakyRelu LeakyReluGrad LogSoftmax MaxPool MaxPoolGrad MaxPoolGradGrad MaxPoolV2
    MaxPoolGradV2 MaxPoolWithArgmax MaxPoolGradWithArgmax NthElement Relu Relu6 Relu6Grad ReluGrad Selu SeluGrad
    FakeQuantWithMinMaxArgs FakeQuantWithMinMaxArgsGradient FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsGradient
    FakeQuantWithMinMaxVarsPerChannel FakeQuantWithMinMaxVarsPerChannelGradient QuantizeAndDequantizeV2
    QuantizeAndDequantizeV3 AvgPool3D AvgPool3DGrad MaxPool3D MaxPool3DGrad ResizeBicubic ResizeBicubicGrad
    Softmax SoftmaxCrossEntropyWithLogits Softplus SoftplusGrad Softsign SoftsignGrad TopK TopKV2
    SparseSoftmaxCrossEntropyWithLogits ResizeBilinear ResizeBilinearGrad ResizeNearestNeighbor ResizeArea
    ResizeNearestNeighborGrad ImageProjectiveTransformV2 ImageProjectiveTransformV3 AdjustContrastv2 CropAndResize
""")
_ARRAYS = words("""
    ArgMax ArgMin BatchMatrixBandPart BatchMatrixDiag BatchToSpace BatchToSpaceND Bitcast BroadcastArgs BroadcastTo
    BroadcastGradientArgs Bucketize Concat ConcatOffset ConcatV2 Const ConjugateTranspose DebugGradientIdentity
    DeepCopy DepthToSpace Diag DiagPart DynamicPartition DynamicStitch Empty EnsureShape ExpandDims ExtractImagePatches
    Fill Gather GatherNd GatherV2 GuaranteeConst Identity IdentityN InvertPermutation LinSpace ListDiff LowerBound
    MatrixBandPart MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3 MatrixSetDiag
    MatrixSetDiagV2 MatrixSetDiagV3 MirrorPad MirrorPadGrad NoOp OneHot OnesLike Pack Pad PadV2 ParallelConcat
    ParallelDynamicStitch Placeholder PlaceholderV2 PlaceholderWithDefault PreventGradient Range Rank Reshape Reverse
    ReverseSequence ReverseV2 Roll ScatterNd ScatterNdNonAliasingAdd SegmentMax SegmentMean SegmentMin SegmentProd
    SegmentSum SegmentSumV2 Shape ShapeN Size Slice Snapshot SpaceToBatch SpaceToBatchND SpaceToDepth SparseToDense
    Split SplitV Squeeze StopGradient StridedSlice StridedSliceGrad TensorScatterAdd TensorScatterMax TensorScatterMin
    TensorScatterSub TensorScatterUpdate TensorStridedSliceUpdate Tile TileGrad Transpose Unique UniqueV2
    UniqueWithCounts UniqueWithCountsV2 Unpack UnravelIndex UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd
    UnsortedSegmentSum UpperBound Where ZerosLike DenseToDenseSetOperation
""")
VARIABLES = words("""
    Assign AssignAdd AssignAddVariableOp AssignSub AssignSubVariableOp AssignVariableOp CountUpTo IsVariableInitialized
    ReadVariableOp ResourceCountUpTo ResourceGather ResourceGatherNd ResourceScatterAdd ResourceScatterDiv
    ResourceScatterMax ResourceScatterMin ResourceScatterMul ResourceScatterNdAdd ResourceScatterNdSub
    ResourceScatterNdUpdate ResourceScatterSub ResourceScatterUpdate ResourceStridedSliceAssign ScatterAdd ScatterDiv
    ScatterMax ScatterMin ScatterMul ScatterNdAdd ScatterNdSub ScatterNdUpdate ScatterSub ScatterUpdate
    StridedSliceAssign VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2
""")
_OPTIMIZERS = frozenset(
    prefix + name
    for prefix in ("Apply", "ResourceApply", "SparseApply", "ResourceSparseApply")
    for name in words("""
        AdaMax Adadelta Adagrad AdagradDA AdagradV2 Adam AdamWithAmsgrad AddSign CenteredRMSProp Ftrl FtrlV2
        GradientDescent KerasMomentum Momentum PowerSign ProximalAdagrad ProximalGradientDescent RMSProp
    """)
)
_RANDOM = words("""
    ComputeAccidentalHits LogUniformCandidateSampler UniformCandidateSampler
    Multinomial ParameterizedTruncatedNormal RandomCrop RandomGamma RandomGammaGrad RandomIndexShuffle RandomPoisson
    RandomPoissonV2 RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt TruncatedNormal RngReadAndSkip
    StatefulStandardNormalV2 StatefulTruncatedNormal StatefulUniform StatefulUniformInt StatelessMultinomial
    StatelessRandomGetAlg StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg StatelessRandomNormal
    StatelessRandomNormalV2 StatelessRandomUniform StatelessRandomUniformInt StatelessRandomUniformFullInt
    StatelessRandomUniformIntV2 StatelessRandomUniformFullIntV2 StatelessRandomUniformV2 StatelessShuffle
    StatelessTruncatedNormal StatelessTruncatedNormalV2 StatelessRandomBinomial StatelessRandomGammaV2
    StatelessRandomGammaV3 StatelessParameterizedTruncatedNormal
""")
_CONTROL = words("""
    Case ControlTrigger Enter Exit FakeParam For If LoopCond Merge NextIteration PartitionedCall RefEnter RefExit
    RefIdentity RefMerge RefNextIteration RefSelect RefSwitch StatefulPartitionedCall StatelessCase StatelessIf
    StatelessWhile Switch SymbolicGradient ToBool While EmptyTensorList TensorListConcat TensorListConcatLists
    TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather TensorListGetItem TensorListLength
    TensorListPopBack TensorListPushBack TensorListPushBackBatch TensorListReserve TensorListResize TensorListScatter
    TensorListScatterV2 TensorListScatterIntoExistingList TensorListSetItem TensorListSplit TensorListStack
    TensorArrayV3 TensorArrayCloseV3 TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayGradV3 TensorArrayGradWithShape
    TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3 TensorArraySplitV3 TensorArrayWriteV3 StackV2 StackPopV2
    StackPushV2 StackCloseV2 IteratorGetNext OptionalFromValue OptionalNone OptionalHasValue OptionalGetValue
""")

#: All ops that the lab runs.
ALLOWED = _ARITHMETIC | _NETWORKS | _ARRAYS | VARIABLES | _OPTIMIZERS | _RANDOM | _CONTROL

#: Ops that only report or save. They become no-ops, and ops that wait for them are not held back.
SILENT = words("""
    Assert AudioSummary AudioSummaryV2 HistogramSummary ImageSummary MergeSummary PrintV2 Save SaveSlices SaveV2
    ScalarSummary TensorSummary TensorSummaryV2 MergeV2Checkpoints ShardedFilename WriteAudioSummary WriteGraphSummary
    WriteHistogramSummary WriteImageSummary WriteRawProtoSummary WriteScalarSummary WriteSummary CreateSummaryFileWriter
    FlushSummaryWriter CloseSummaryWriter Timestamp
""")
