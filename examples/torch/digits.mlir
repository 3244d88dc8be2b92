module {
  func.func @main(%arg0: tensor<?x8x8xf32> {tfrt.name = "images"}) -> (tensor<?x10xf32> {tfrt.name = "scores"}) {
    %2 = "stablehlo.constant"() <{value = dense<[1]> : tensor<1xi64>}> : () -> tensor<1xi64>
    %4 = "stablehlo.constant"() <{value = dense<1.6e+01> : tensor<f32>}> : () -> tensor<f32>
    %6 = "stablehlo.constant"() <{value = dense<"0x60605FBD7CD1843E890064BE7CFBA8BE02F15CBE0703BF3D121102BDC69D683E7015583C76A4D23D8980C3BDC39D8ABC3470ACBEA64C44BEC55A02BE5BDBAE3D4FB1C33C04EF283E0621AEBE16342ABE751CCE3DEB28273E9D5404BEC546523EA52C44BD17069A3D0373B73E7F1AA4BEBF974EBE9D25AEBDD7E90EBE1C81AE3E260F6DBEFB1DD3BDBD2145BEFBF048BE8E8D69BEF9D4A43EDF3A1A3E57E7CB3D1258B03C0E8A39BEF43B143E564393BEC5A26BBEFF8A20BEC13C373EFE138C3E2CD435BEFD43E13CBF6A4F3EC5E2BB3E7C15033EF10431BD6B105F3E307385BED6A9AB3D00A581BE3AB364BE7E43DCBD4D2C1F3EEBFED53DD8868ABE4F617D3D4A02A03ED37691BC1EB2733C05A2053EA768543E49CA933E112C90BE2BF628BEA5DE083ECBC7863EB215843EAC404E3E81B2003E671F34BEB88E783B415578BD82B2CFBEA23ABE3E8C2C943E56D2ABBE54BD073E1A01A1BC09820B3D2CB045BE4E610E3E4586A1BE31670D3E80B3E83D25CB953EC6440B3EF5E096BEEF7563BE"> : tensor<24x1x2x2xf32>}> : () -> tensor<24x1x2x2xf32>
    %7 = "stablehlo.constant"() <{value = dense<"0x9FE7003E90005D3DBF547FBEEC7006BEF2A6883EC309383EC9C207BE8F7E9FBD367778BE6CBF6EBCAF7756BE32CF59BEDBF00ABDC5E0E23C67CF93BDA5B52F3EE54A38BEDC117D3E90AA283E419053BEBAED99BD66C7133DE7A6263DE0E4923D"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %9 = "stablehlo.constant"() <{value = dense<[-1, 24, 16]> : tensor<3xi64>}> : () -> tensor<3xi64>
    %12 = "onnx.Weight"() <{name = "places"}> : () -> tensor<16x24xf32>
    %14 = "stablehlo.constant"() <{value = dense<"0x640C313F78C1383F1FE6333F2CD93B3F1C4A363FDA3D323FAF253E3FD8CE343FC4B8373F9ABB4F3F125E323FFB75353F160F423FCCFD423FC486343F6E43393FDD67443F7D28303F10E2313F40472F3FB931443F544F583F228C563F9757443F"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %15 = "stablehlo.constant"() <{value = dense<"0x7D7A02BB5DD95BBC27EE1F3C2CC70B3CC833D5BC68D0A2BB552C6A3974A9723CAFBF46BCA76100BC5E84493C01C3243D7F9E0DBC196494BA51E62B3DD128843BD7FB553BA7BAE6BC8B16813BA6B8FC3C78318B3C9370043D3171C33BCE599F3C"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %17 = "onnx.Weight"() <{name = "val_10"}> : () -> tensor<24x72xf32>
    %19 = "stablehlo.constant"() <{value = dense<"0x5CCBE33CA1B604BEC5EAEC3DD770FABC09FA993E7EC1BABD5301D73DDA0BA13B27AF8E3DF0D647BEF9C36BBE384A33BEAEE50FBE9C0FB8BC5CBAF6BD930C61BD8AA52B3E39D329BD32EDCCBD284DDC3C43BD8EBC10F4523E1B2B213DB9C62A3E3B5D9A3D008E31BDA73C8ABD2D9F003E2E5F4B3A0AECA8BD62F0FB3DC452E63C7564753DC74FF1BD9D20193DC209BC3D5A2E58BCC99680BD24C9F63D70A38A3DAC22043D7B1FDD3C7194333BCFA29F3D3C7502BDAF78ABBD29B16B3DE80BDA3C000F723D2B1B01BCA890C5BCF63E59BC6E48823D3EDABFBD1D720DBE4563833D2B2B7DBD0EF1E7BA0560833DFC4F1C3CCB59863D061AB83C9354133DF02404BCFDF6D83C997F833D561EC13D98CC05BE950435BD02DEF0BD8E7238BDAA5A993D"> : tensor<72xf32>}> : () -> tensor<72xf32>
    %21 = "stablehlo.constant"() <{value = dense<[-1, 16, 3, 3, 8]> : tensor<5xi64>}> : () -> tensor<5xi64>
    %24 = "stablehlo.constant"() <{value = dense<[0]> : tensor<1xi64>}> : () -> tensor<1xi64>
    %27 = "stablehlo.constant"() <{value = dense<[2]> : tensor<1xi64>}> : () -> tensor<1xi64>
    %30 = "stablehlo.constant"() <{value = dense<[3]> : tensor<1xi64>}> : () -> tensor<1xi64>
    %37 = "stablehlo.constant"() <{value = dense<[-1]> : tensor<1xi64>}> : () -> tensor<1xi64>
    %43 = "stablehlo.constant"() <{value = dense<[5.9460354e-01]> : tensor<1xf32>}> : () -> tensor<1xf32>
    %50 = "stablehlo.constant"() <{value = dense<[-1, 16, 24]> : tensor<3xi64>}> : () -> tensor<3xi64>
    %52 = "onnx.Weight"() <{name = "val_67"}> : () -> tensor<24x24xf32>
    %54 = "stablehlo.constant"() <{value = dense<"0x99578BBD66BB2B3DC9B2923D12DD363DBA8D333C295AC83D42B186BC4DCDD93D752C1A3E116BEEBDE554A13DA9A8C23D4E19A0BB02A4593D16FBB73C0D30903D9862C93C09A3DCBD4BC05D3D711C723DD5D4C73D15C4723CEE37613DF1588F3D"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %57 = "stablehlo.constant"() <{value = dense<"0x834F493F79FB473FB840443FB161393FAA6E563F1421363FAA60443F4C343E3F12FD2D3F8ABA453F19893A3F44763B3F665C493F123F493F73922F3F724B243F82783A3F878E2F3F83AC2D3F7EAB383F7227423F1241463F0506373FEC0F453F"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %58 = "stablehlo.constant"() <{value = dense<"0xEA5283BDE7988FBB9897C03CD8BF923C28DB32BCE534A4BCD2B6273D8D940A3DF1EA213B16156E3DDB9A153D2AAE9F3C820AC23CDE6587BB638CEA3B1AFC50BDADB308BBE8D7D7BC3E8952BC339BC83A8B909DBAD80225BD9DC40D3C46F730BB"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %60 = "onnx.Weight"() <{name = "val_71"}> : () -> tensor<24x48xf32>
    %62 = "stablehlo.constant"() <{value = dense<"0x144892BD6DD2F2BCC53728BE643A9E3CF296E9BD1617373D4E2B4A3DB3D0723DCB9D3BBD06E8273D2655F3BD1EC61BBE53C771BD058719BE2B1800BE9C02FABB5838913DCC84DFBDB63247BD29FDF1BD7C3A9DBB4DAC4E3CB178ECBC9B10AC3D3D5F20BE0FE55ABDC6E6CABDD632A33D61067C3DA902CB3D0119C53DE01E323CC1EE2ABE5CC4F3BD40AA40BC15C112BEDE3D7A3DFF21063D8229B53C22B406BE335D8E3D799467BD7EF99CBD84A03D3DF4D8E5BDCA12B2BD46820E3CC3A5C0BD"> : tensor<48xf32>}> : () -> tensor<48xf32>
    %65 = "onnx.Weight"() <{name = "val_73"}> : () -> tensor<48x24xf32>
    %67 = "stablehlo.constant"() <{value = dense<"0x4D626EBCDCDEEC3B880A56BD63A8143DAA48DC3C81E0ADBD4BF5A73DB895683DD229FEBAAED1BFBCE3FB9F3C2C51CE3BC25E94BD97A6A63D6B20813D4ED5A5BDCCBA5DBD4307B43D81313EBC0E2B26BB9345823DFD5AF73C252EC73C53415E3D"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %70 = "stablehlo.constant"() <{value = dense<"0xBCD6423FA27A543FB31F443F4265463FED27403FD2EE3D3FDFCB3C3F5A734E3F3BA9403FB037763FCE5F4B3FBBBE4E3F10C4553F2E85453F7F5C3C3F81CD493F56A1483FEB76563F69D7423FFC40603F88D64C3FADD3373F75B03C3F99A8303F"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %71 = "stablehlo.constant"() <{value = dense<"0x82E2383B7CDB3F3DAE49A63B4658FCBC16EADD3CDC3ED73C4ECA90BC851ED33CC3C7E63CB0BBB6BC226BC93C06B2313DD67AA4BA4D48263D992C92BCA15C2D3D810A21BD7D16CB3C77FA943CCC1346BDE8DA073D514CEF3CC2C7253C7B8DBF3B"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %73 = "onnx.Weight"() <{name = "val_77"}> : () -> tensor<24x72xf32>
    %75 = "stablehlo.constant"() <{value = dense<"0x2BEADA3D8F360ABD8BDF50BD2D88933E6ACDA23DE2D039BEBB73203E1507AEBD0F6982BE065B753D2D860C3E51257DBDCC11913E9F6A9C3E3785263E268F473EA1A638BDF1696C3E8E117FBE6BCCAE3E4C81B03DD1EE6FBEA129313D388A423E1711073D9C16873DFE6F0CBE34DA5239EFDBAE3DA8CBA23D5C83203C26D111BE7463FE3D029E6D3D2D334E3DF50DAF3D8EDEAD3D8DBC1DBC9054BF3DF536B83DAF13223D3596ECBDDAC4DB3D1B8CB0BD268FF33DDB069DBD9A0F8ABC642477BD44DFD0BDDB144EBD17789E3DAC22513D80FEB83B13DAE6BD3D5C7EBDC3A4833DF15A76BD0B81BEBDA823A1BDFABC86BD268524BDC62B2C3DF36B9EBC5FA31C3EFC0206BECD958FBD858DEB3C3CF6963DD4BA57BD7621843D651AB0BD7C8B90BD"> : tensor<72xf32>}> : () -> tensor<72xf32>
    %101 = "onnx.Weight"() <{name = "val_131"}> : () -> tensor<24x24xf32>
    %103 = "stablehlo.constant"() <{value = dense<"0xB5A9C5BC299DF1BD79DBBE3D59D13ABDA3F4B13D03546DBD52008DBBA37FB73DA0C01E3DBD1DFEBDA9ECE0BD43C2E4BDC2EED9BD97942B3D6E449B3D728C4D3D3D02A2BD33759F3DE397B13D7F38DF3D6DA093BD4145E9BD00E0003EC5458CBA"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %106 = "stablehlo.constant"() <{value = dense<"0x6A84433FC15B863F5267643F08837C3F223E553F967D653F00E7803FA0EC3E3F84E75E3F79EA8C3F7934723F31CC433F9D56713FB4D55D3FB49E5D3F19A3593F4CD1413FA3005D3F2C45563F1C60543F1B94523F59F6633F3D7C593FD2C05A3F"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %107 = "stablehlo.constant"() <{value = dense<"0x4BE4593D1BAB57BD0F9747BD4D294D3D74C56DBD1BB8BCBD064A203DDC2F333D218A223D18CFCDBD3C9F3D3DDD98D6BCBB508EBD2DC7943D2E0A79BD5931A1BC21D65CBCD03CCB3C6671163C5915DC3DCA518BBCA4A3663D43E1103D3851173D"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %109 = "onnx.Weight"() <{name = "val_135"}> : () -> tensor<24x48xf32>
    %111 = "stablehlo.constant"() <{value = dense<"0xB1A8B8BD8168443D12895E3D03E8DBBD1DF465BDDF1F063EFAC44DBED657F5BC2B58B5BBD572B9BCE7428E3CB69F93BCC5DE073EB494F8BD0E37AD3DE1A0A53DF3DAF7BDA514103C86F710BCF3FB9A3C30D1BA3DFE2CBDBDC780F4BD148657BEFFC78B3D5B0A98BDB2E91CBEB3B4993D974BAD3B9637263D313F703D1C7967BE34FAA1BD4AAE9CBD9908C63D803504BEF62F3DBD6DAE4A3D17C2BBBC94E201BE4A8080BEA1B48ABDF7EDF4BCE5D2D13DF77E373DBD1B5BBC7476C5BBB5326ABD"> : tensor<48xf32>}> : () -> tensor<48xf32>
    %114 = "onnx.Weight"() <{name = "val_137"}> : () -> tensor<48x24xf32>
    %116 = "stablehlo.constant"() <{value = dense<"0x892917BCA5DEF73BC5E9DBBCBDB04BBDA53A363CBFE398BB5C7C2FBDA17B75BD6678BDBC3CC8943C5DD850BD259E853D2C4712BDF902BC3CCFEAA9BD491A46BC36FD063C9F93D0BD3A4F20BC1F091CBD974AC43CB29AD33CF2D638BD1D1BA4BC"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %120 = "stablehlo.constant"() <{value = dense<"0xF4668E3F0771883FFD58803F2999843FB005673F47DB703F6D146A3F1C5C853F63A77A3F0E73833F5E25783FDECB773FE2CF8A3F7CA2883F6B9E8E3F088B623FC2994E3F2821793F7C6B893FC4C56B3F45835E3F31E8653F60A3923F456F863F"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %121 = "stablehlo.constant"() <{value = dense<"0x96920ABBDC663ABC6C155F3DBD9E5ABC4AF8153D9EF2C93BF3A658BD62CC97BC1AE2AC3C6B127CBCF08F6F3CB76ED9BB6D2864BC693C5A3C844A50BD1B0B7EBC7994D33B362278BD450C003D34938D3D23BF11BD7BD44D3D24E686BD6F1E9FBD"> : tensor<24xf32>}> : () -> tensor<24xf32>
    %123 = "stablehlo.constant"() <{value = dense<"0x012311BE2DA58F3E0FD687BEFAFD9E3E4E2F0F3CA4BECB3D9A3D1B3E64C841BEA14E5BBDB6B76C3D857097BE22C213BDA08948BE17C78FBE24F0F73ABA6413BE0EB320BC5BA44F3EFDEF423E02AFC0BDCFA4A83D4D1948BEA9DBB93D16A56F3EF0C287BE437D26BD843F28BE671DBDBBEA76363EBB3C17BE2B3C393CA023113EB848AB3E47DDDCBDB6944ABED3ED0EBD3BFF53BE7D77753E708D7DBE72C6783B322ED7BDB9CDCBBD71A0293DD1107A3EA46B63BE10E151BDC8C404BE4CA98FBE794384BEBE1B84BDEC1F523EDC5CD3BD271923BE123667BC906D4E3E2BEF92BC505AA43D1D73BC3E7529333DE95B82BE2AB6173EE62963BEADC742BE7FDA32BDCF7A783EB8176FBE3407493EF2A66BBE064EB3BDED44543E18AE1A3E199989BDB0DA65BE043439BE501D6F3E75063DBE11AE49BDC2019C3EAD27653E8E9440BD630A4FBEAB4F18BEC6372C3E88A38EBE766C91BECCB32B3E795C48BDE86711BEAAEA9A3DD670383EB97E5EBEEEC9EA3D690FE33D74A354BD366D3CBEB0927D3E8F5A623E1D6812BE7057C7BE485122BDF0AA2FBE82A26EBE1866183E143B2BBCFB28F03C988E013DB408803ED24DD53B0BD8DB3D984D953EA52811BEBB2F6F3EEF8C01BC2737D83D85ED84BD92FA1ABE056D3E3EB22144BE95507F3EB417693E70612F3EDEA7A1BE8B14ABBDF23D2DBEA3F442BE2B99163EFA10A2BDB3DD83BEED8E163E91F41F3D2A2E15BD2ED58A3E3E5097BD9E1FE43CD0F6603E57EAA8BD5247F03D0D6D7D3E7E3D993E844741BDA61CABBD9BAC603EC95523BE8702A5BC0942F2BC8A6B27BECA1E06BDCEAE883E9EA7E7BDF8A607BC2164473D6D95303E7D2E003C02C095BE279A93BD3C282C3E29FB603E2AEFACBE613B56BED12CBB3DAC8521BEE54F11BE99A96CBDC6CCBBBD29CF74BD3AAF223E65BDC6BE378E923E92E37BBE0BDE073D10306ABD77BE2D3EA69F18BEE3033FBDF32F60BE06039CBC7633B53DFE76B83E718C353ED613163D26C905BEEC1395BC3EFC8A3E4FC0533EB1B3093EF9E38E39E352B9BE7067FBBD8D29013E267442BED6AE60BE13DB0CBE29DE703E734C2B3E3BFF323EBC2D473E0EA23B3E864828BDFAEB38BEBCABA6BEBA9A72BED042C2BD53B18F3E28585DBD62DA053DE56F813C805B59BE46F781BD7D442D3C6CFF70BE93ADD73D6AA62C3D1668F93D11C740BDC23ED8BD99804CBE4CE37BBDDD868A3E021EB63C80D84DBEA527043E7EF042BD2883E43D7E8F4EBC1A2B6DBE05DA4FBE9524B7BDDE87283EBFFC6D3EDE6FD13DCEC2793E1D1E37BE50130DBD45FE263E517CB0BE3AEC80BEBE1334BE4CF7813D19FAEE3D2E6DB7BD"> : tensor<10x24xf32>}> : () -> tensor<10x24xf32>
    %124 = "stablehlo.constant"() <{value = dense<[3.7882663e-02, -6.0327206e-02, -7.920828e-02, -3.5377335e-02, 4.898951e-02, 5.0483868e-02, -1.1374335e-01, 7.450722e-02, -1.952217e-02, 8.292055e-02]> : tensor<10xf32>}> : () -> tensor<10xf32>
    %1 = "onnx.Unsqueeze"(%arg0, %2) : (tensor<?x8x8xf32>, tensor<1xi64>) -> (tensor<?x1x8x8xf32>) loc("node_unsqueeze")
    %3 = "onnx.Div"(%1, %4) : (tensor<?x1x8x8xf32>, tensor<f32>) -> (tensor<?x1x8x8xf32>) loc("node_div")
    %5 = "onnx.Conv"(%3, %6, %7) <{group = 1 : i64, pads = array<i64: 0, 0, 0, 0>, auto_pad = "NOTSET", strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, kernel_shape = array<i64: 2, 2>}> : (tensor<?x1x8x8xf32>, tensor<24x1x2x2xf32>, tensor<24xf32>) -> (tensor<?x24x4x4xf32>) loc("node_conv2d")
    %8 = "onnx.Reshape"(%5, %9) <{allowzero = 1 : i64}> : (tensor<?x24x4x4xf32>, tensor<3xi64>) -> (tensor<?x24x16xf32>) loc("node_Reshape_145")
    %10 = "onnx.Transpose"(%8) <{perm = array<i64: 0, 2, 1>}> : (tensor<?x24x16xf32>) -> (tensor<?x16x24xf32>) loc("node_transpose")
    %11 = "onnx.Add"(%10, %12) : (tensor<?x16x24xf32>, tensor<16x24xf32>) -> (tensor<?x16x24xf32>) loc("node_add_23")
    %13 = "onnx.LayerNormalization"(%11, %14, %15) <{stash_type = 1 : i64, epsilon = 1.0e-05 : f32, axis = -1 : i64}> : (tensor<?x16x24xf32>, tensor<24xf32>, tensor<24xf32>) -> (tensor<?x16x24xf32>) loc("node_layer_norm")
    %16 = "onnx.MatMul"(%13, %17) : (tensor<?x16x24xf32>, tensor<24x72xf32>) -> (tensor<?x16x72xf32>) loc("node_MatMul_9")
    %18 = "onnx.Add"(%16, %19) : (tensor<?x16x72xf32>, tensor<72xf32>) -> (tensor<?x16x72xf32>) loc("node_linear")
    %20 = "onnx.Reshape"(%18, %21) <{allowzero = 1 : i64}> : (tensor<?x16x72xf32>, tensor<5xi64>) -> (tensor<?x16x3x3x8xf32>) loc("node_Reshape_148")
    %22 = "onnx.Transpose"(%20) <{perm = array<i64: 2, 0, 3, 1, 4>}> : (tensor<?x16x3x3x8xf32>) -> (tensor<3x?x3x16x8xf32>) loc("node_permute")
    %23 = "onnx.Slice"(%22, %24, %2, %24) : (tensor<3x?x3x16x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> (tensor<1x?x3x16x8xf32>) loc("node_Slice_20")
    %25 = "onnx.Squeeze"(%23, %24) : (tensor<1x?x3x16x8xf32>, tensor<1xi64>) -> (tensor<?x3x16x8xf32>) loc("node_unbind__0")
    %26 = "onnx.Slice"(%22, %2, %27, %24) : (tensor<3x?x3x16x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> (tensor<1x?x3x16x8xf32>) loc("node_Slice_25")
    %28 = "onnx.Squeeze"(%26, %24) : (tensor<1x?x3x16x8xf32>, tensor<1xi64>) -> (tensor<?x3x16x8xf32>) loc("node_unbind__1")
    %29 = "onnx.Slice"(%22, %27, %30, %24) : (tensor<3x?x3x16x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> (tensor<1x?x3x16x8xf32>) loc("node_Slice_29")
    %31 = "onnx.Squeeze"(%29, %24) : (tensor<1x?x3x16x8xf32>, tensor<1xi64>) -> (tensor<?x3x16x8xf32>) loc("node_unbind__2")
    %32 = "onnx.Shape"(%28) <{start = 0 : i64}> : (tensor<?x3x16x8xf32>) -> (tensor<4xi64>) loc("node_Shape_39")
    %33 = "stablehlo.slice"(%32) <{start_indices = array<i64: 3>, limit_indices = array<i64: 4>, strides = array<i64: 1>}> : (tensor<4xi64>) -> (tensor<1xi64>) loc("node_Slice_42")
    %34 = "stablehlo.slice"(%32) <{start_indices = array<i64: 2>, limit_indices = array<i64: 3>, strides = array<i64: 1>}> : (tensor<4xi64>) -> (tensor<1xi64>) loc("node_Slice_44")
    %35 = "stablehlo.slice"(%32) <{start_indices = array<i64: 0>, limit_indices = array<i64: 2>, strides = array<i64: 1>}> : (tensor<4xi64>) -> (tensor<2xi64>) loc("node_Slice_46")
    %36 = "stablehlo.concatenate"(%37, %34, %33) <{dimension = 0 : i64}> : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> (tensor<3xi64>) loc("node_Concat_48")
    %38 = "onnx.Reshape"(%28, %36) <{allowzero = 0 : i64}> : (tensor<?x3x16x8xf32>, tensor<3xi64>) -> (tensor<?x16x8xf32>) loc("node_Reshape_49")
    %39 = "onnx.Transpose"(%38) <{perm = array<i64: 0, 2, 1>}> : (tensor<?x16x8xf32>) -> (tensor<?x8x16xf32>) loc("node_Transpose_50")
    %40 = "stablehlo.concatenate"(%35, %33, %34) <{dimension = 0 : i64}> : (tensor<2xi64>, tensor<1xi64>, tensor<1xi64>) -> (tensor<4xi64>) loc("node_Concat_51")
    %41 = "onnx.Reshape"(%39, %40) <{allowzero = 0 : i64}> : (tensor<?x8x16xf32>, tensor<4xi64>) -> (tensor<?x3x8x16xf32>) loc("node_Reshape_52")
    %42 = "onnx.Mul"(%25, %43) : (tensor<?x3x16x8xf32>, tensor<1xf32>) -> (tensor<?x3x16x8xf32>) loc("node_Mul_54")
    %44 = "onnx.Mul"(%41, %43) : (tensor<?x3x8x16xf32>, tensor<1xf32>) -> (tensor<?x3x8x16xf32>) loc("node_Mul_57")
    %45 = "onnx.MatMul"(%42, %44) : (tensor<?x3x16x8xf32>, tensor<?x3x8x16xf32>) -> (tensor<?x3x16x16xf32>) loc("node_MatMul_58")
    %46 = "onnx.Softmax"(%45) <{axis = -1 : i64}> : (tensor<?x3x16x16xf32>) -> (tensor<?x3x16x16xf32>) loc("node_Softmax_59")
    %47 = "onnx.MatMul"(%46, %31) : (tensor<?x3x16x16xf32>, tensor<?x3x16x8xf32>) -> (tensor<?x3x16x8xf32>) loc("node_scaled_dot_product_attention")
    %48 = "onnx.Transpose"(%47) <{perm = array<i64: 0, 2, 1, 3>}> : (tensor<?x3x16x8xf32>) -> (tensor<?x16x3x8xf32>) loc("node_transpose_1")
    %49 = "onnx.Reshape"(%48, %50) <{allowzero = 1 : i64}> : (tensor<?x16x3x8xf32>, tensor<3xi64>) -> (tensor<?x16x24xf32>) loc("node_Reshape_151")
    %51 = "onnx.MatMul"(%49, %52) : (tensor<?x16x24xf32>, tensor<24x24xf32>) -> (tensor<?x16x24xf32>) loc("node_MatMul_66")
    %53 = "onnx.Add"(%51, %54) : (tensor<?x16x24xf32>, tensor<24xf32>) -> (tensor<?x16x24xf32>) loc("node_linear_1")
    %55 = "onnx.Add"(%11, %53) : (tensor<?x16x24xf32>, tensor<?x16x24xf32>) -> (tensor<?x16x24xf32>) loc("node_add_80")
    %56 = "onnx.LayerNormalization"(%55, %57, %58) <{stash_type = 1 : i64, epsilon = 1.0e-05 : f32, axis = -1 : i64}> : (tensor<?x16x24xf32>, tensor<24xf32>, tensor<24xf32>) -> (tensor<?x16x24xf32>) loc("node_layer_norm_1")
    %59 = "onnx.MatMul"(%56, %60) : (tensor<?x16x24xf32>, tensor<24x48xf32>) -> (tensor<?x16x48xf32>) loc("node_MatMul_68")
    %61 = "onnx.Add"(%59, %62) : (tensor<?x16x48xf32>, tensor<48xf32>) -> (tensor<?x16x48xf32>) loc("node_linear_2")
    %63 = "onnx.Gelu"(%61) <{approximate = "none"}> : (tensor<?x16x48xf32>) -> (tensor<?x16x48xf32>) loc("node_gelu")
    %64 = "onnx.MatMul"(%63, %65) : (tensor<?x16x48xf32>, tensor<48x24xf32>) -> (tensor<?x16x24xf32>) loc("node_MatMul_70")
    %66 = "onnx.Add"(%64, %67) : (tensor<?x16x24xf32>, tensor<24xf32>) -> (tensor<?x16x24xf32>) loc("node_linear_3")
    %68 = "onnx.Add"(%55, %66) : (tensor<?x16x24xf32>, tensor<?x16x24xf32>) -> (tensor<?x16x24xf32>) loc("node_add_101")
    %69 = "onnx.LayerNormalization"(%68, %70, %71) <{stash_type = 1 : i64, epsilon = 1.0e-05 : f32, axis = -1 : i64}> : (tensor<?x16x24xf32>, tensor<24xf32>, tensor<24xf32>) -> (tensor<?x16x24xf32>) loc("node_layer_norm_2")
    %72 = "onnx.MatMul"(%69, %73) : (tensor<?x16x24xf32>, tensor<24x72xf32>) -> (tensor<?x16x72xf32>) loc("node_MatMul_72")
    %74 = "onnx.Add"(%72, %75) : (tensor<?x16x72xf32>, tensor<72xf32>) -> (tensor<?x16x72xf32>) loc("node_linear_4")
    %76 = "onnx.Reshape"(%74, %21) <{allowzero = 1 : i64}> : (tensor<?x16x72xf32>, tensor<5xi64>) -> (tensor<?x16x3x3x8xf32>) loc("node_Reshape_154")
    %77 = "onnx.Transpose"(%76) <{perm = array<i64: 2, 0, 3, 1, 4>}> : (tensor<?x16x3x3x8xf32>) -> (tensor<3x?x3x16x8xf32>) loc("node_permute_1")
    %78 = "onnx.Slice"(%77, %24, %2, %24) : (tensor<3x?x3x16x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> (tensor<1x?x3x16x8xf32>) loc("node_Slice_83")
    %79 = "onnx.Squeeze"(%78, %24) : (tensor<1x?x3x16x8xf32>, tensor<1xi64>) -> (tensor<?x3x16x8xf32>) loc("node_unbind_1__0")
    %80 = "onnx.Slice"(%77, %2, %27, %24) : (tensor<3x?x3x16x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> (tensor<1x?x3x16x8xf32>) loc("node_Slice_87")
    %81 = "onnx.Squeeze"(%80, %24) : (tensor<1x?x3x16x8xf32>, tensor<1xi64>) -> (tensor<?x3x16x8xf32>) loc("node_unbind_1__1")
    %82 = "onnx.Slice"(%77, %27, %30, %24) : (tensor<3x?x3x16x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> (tensor<1x?x3x16x8xf32>) loc("node_Slice_91")
    %83 = "onnx.Squeeze"(%82, %24) : (tensor<1x?x3x16x8xf32>, tensor<1xi64>) -> (tensor<?x3x16x8xf32>) loc("node_unbind_1__2")
    %84 = "onnx.Shape"(%81) <{start = 0 : i64}> : (tensor<?x3x16x8xf32>) -> (tensor<4xi64>) loc("node_Shape_101")
    %85 = "stablehlo.slice"(%84) <{start_indices = array<i64: 3>, limit_indices = array<i64: 4>, strides = array<i64: 1>}> : (tensor<4xi64>) -> (tensor<1xi64>) loc("node_Slice_103")
    %86 = "stablehlo.slice"(%84) <{start_indices = array<i64: 2>, limit_indices = array<i64: 3>, strides = array<i64: 1>}> : (tensor<4xi64>) -> (tensor<1xi64>) loc("node_Slice_104")
    %87 = "stablehlo.slice"(%84) <{start_indices = array<i64: 0>, limit_indices = array<i64: 2>, strides = array<i64: 1>}> : (tensor<4xi64>) -> (tensor<2xi64>) loc("node_Slice_106")
    %88 = "stablehlo.concatenate"(%37, %86, %85) <{dimension = 0 : i64}> : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> (tensor<3xi64>) loc("node_Concat_108")
    %89 = "onnx.Reshape"(%81, %88) <{allowzero = 0 : i64}> : (tensor<?x3x16x8xf32>, tensor<3xi64>) -> (tensor<?x16x8xf32>) loc("node_Reshape_109")
    %90 = "onnx.Transpose"(%89) <{perm = array<i64: 0, 2, 1>}> : (tensor<?x16x8xf32>) -> (tensor<?x8x16xf32>) loc("node_Transpose_110")
    %91 = "stablehlo.concatenate"(%87, %85, %86) <{dimension = 0 : i64}> : (tensor<2xi64>, tensor<1xi64>, tensor<1xi64>) -> (tensor<4xi64>) loc("node_Concat_111")
    %92 = "onnx.Reshape"(%90, %91) <{allowzero = 0 : i64}> : (tensor<?x8x16xf32>, tensor<4xi64>) -> (tensor<?x3x8x16xf32>) loc("node_Reshape_112")
    %93 = "onnx.Mul"(%79, %43) : (tensor<?x3x16x8xf32>, tensor<1xf32>) -> (tensor<?x3x16x8xf32>) loc("node_Mul_114")
    %94 = "onnx.Mul"(%92, %43) : (tensor<?x3x8x16xf32>, tensor<1xf32>) -> (tensor<?x3x8x16xf32>) loc("node_Mul_117")
    %95 = "onnx.MatMul"(%93, %94) : (tensor<?x3x16x8xf32>, tensor<?x3x8x16xf32>) -> (tensor<?x3x16x16xf32>) loc("node_MatMul_118")
    %96 = "onnx.Softmax"(%95) <{axis = -1 : i64}> : (tensor<?x3x16x16xf32>) -> (tensor<?x3x16x16xf32>) loc("node_Softmax_119")
    %97 = "onnx.MatMul"(%96, %83) : (tensor<?x3x16x16xf32>, tensor<?x3x16x8xf32>) -> (tensor<?x3x16x8xf32>) loc("node_scaled_dot_product_attention_1")
    %98 = "onnx.Transpose"(%97) <{perm = array<i64: 0, 2, 1, 3>}> : (tensor<?x3x16x8xf32>) -> (tensor<?x16x3x8xf32>) loc("node_transpose_2")
    %99 = "onnx.Reshape"(%98, %50) <{allowzero = 1 : i64}> : (tensor<?x16x3x8xf32>, tensor<3xi64>) -> (tensor<?x16x24xf32>) loc("node_Reshape_157")
    %100 = "onnx.MatMul"(%99, %101) : (tensor<?x16x24xf32>, tensor<24x24xf32>) -> (tensor<?x16x24xf32>) loc("node_MatMul_126")
    %102 = "onnx.Add"(%100, %103) : (tensor<?x16x24xf32>, tensor<24xf32>) -> (tensor<?x16x24xf32>) loc("node_linear_5")
    %104 = "onnx.Add"(%68, %102) : (tensor<?x16x24xf32>, tensor<?x16x24xf32>) -> (tensor<?x16x24xf32>) loc("node_add_158")
    %105 = "onnx.LayerNormalization"(%104, %106, %107) <{stash_type = 1 : i64, epsilon = 1.0e-05 : f32, axis = -1 : i64}> : (tensor<?x16x24xf32>, tensor<24xf32>, tensor<24xf32>) -> (tensor<?x16x24xf32>) loc("node_layer_norm_3")
    %108 = "onnx.MatMul"(%105, %109) : (tensor<?x16x24xf32>, tensor<24x48xf32>) -> (tensor<?x16x48xf32>) loc("node_MatMul_128")
    %110 = "onnx.Add"(%108, %111) : (tensor<?x16x48xf32>, tensor<48xf32>) -> (tensor<?x16x48xf32>) loc("node_linear_6")
    %112 = "onnx.Gelu"(%110) <{approximate = "none"}> : (tensor<?x16x48xf32>) -> (tensor<?x16x48xf32>) loc("node_gelu_1")
    %113 = "onnx.MatMul"(%112, %114) : (tensor<?x16x48xf32>, tensor<48x24xf32>) -> (tensor<?x16x24xf32>) loc("node_MatMul_130")
    %115 = "onnx.Add"(%113, %116) : (tensor<?x16x24xf32>, tensor<24xf32>) -> (tensor<?x16x24xf32>) loc("node_linear_7")
    %117 = "onnx.Add"(%104, %115) : (tensor<?x16x24xf32>, tensor<?x16x24xf32>) -> (tensor<?x16x24xf32>) loc("node_add_179")
    %118 = "onnx.ReduceMean"(%117, %2) <{noop_with_empty_axes = 0 : i64, keepdims = 0 : i64}> : (tensor<?x16x24xf32>, tensor<1xi64>) -> (tensor<?x24xf32>) loc("node_mean")
    %119 = "onnx.LayerNormalization"(%118, %120, %121) <{stash_type = 1 : i64, epsilon = 1.0e-05 : f32, axis = -1 : i64}> : (tensor<?x24xf32>, tensor<24xf32>, tensor<24xf32>) -> (tensor<?x24xf32>) loc("node_layer_norm_4")
    %122 = "onnx.Gemm"(%119, %123, %124) <{beta = 1.0e+00 : f32, transB = 1 : i64, alpha = 1.0e+00 : f32, transA = 0 : i64}> : (tensor<?x24xf32>, tensor<10x24xf32>, tensor<10xf32>) -> (tensor<?x10xf32>) loc("node_linear_8")
    func.return %122 : tensor<?x10xf32>
  }
}
