"""What is said of files: formats, encodings, archives, columns."""

from __future__ import annotations

FILES: dict[str, dict[str, tuple[str, str]]] = {
    "missing-file": {
        "what": ("找不到文件", "there is no such file"),
        "hint": ("核对 path（相对于研究文件）{near}", "check path (it is relative to the study file){near}"),
    },
    "unreadable-file": {
        "what": ("无法读取：{reason}", "it cannot be read: {reason}"),
        "hint": (
            "用生成它的软件（GIS、电子表格）打开核对，再重新导出",
            "open it in the program it came from (GIS, spreadsheet) and export it again",
        ),
    },
    "unknown-format": {
        "what": ("不支持格式 {suffix}", "{suffix} is no format that can be read"),
        "hint": ("支持：{formats}", "these can: {formats}"),
    },
    "not-what-it-says": {
        "what": ("内容不是 {suffix} 格式", "its content is not {suffix}"),
        "hint": ("核对文件是否损坏或改过扩展名", "check whether it is damaged or was renamed"),
    },
    "empty-file": {
        "what": ("文件是空的", "the file is empty"),
        "hint": ("重新导出", "export it again"),
    },
    "no-file": {
        "what": ("路径指向的是{sort}，不是文件", "the path leads to a {sort}, not to a file"),
        "hint": ("填写图层文件本身的路径", "give the path of the layer's own file"),
    },
    "file-too-large": {
        "what": (
            "文件过大，不予读取：{megabytes:,.0f} MB，最多 {most:,.0f} MB",
            "the file is too large to be read: {megabytes:,.0f} MB of {most:,.0f} MB at most",
        ),
        "hint": ("裁剪到规划范围，另存为 GeoPackage", "clip it to the district and save it as GeoPackage"),
    },
    "not-enough-memory": {
        "what": (
            "读取 {megabytes:,.0f} MB 的文件时内存不足",
            "memory ran out while its {megabytes:,.0f} MB were read",
        ),
        "hint": (
            "关闭其他程序，或裁剪到规划范围；小文件也如此时，文件可能已损坏",
            "close other programs, or clip it to the district; where it is small, it may be damaged",
        ),
    },
    "table-too-large": {
        "what": (
            "表格过大，不予读取：{rows:,} 行 × {columns:,} 列，最多 {most:,} 个单元格、{most_columns:,} 列",
            "the table is too large to be read: {rows:,} rows × {columns:,} columns; at most {most:,} cells and {most_columns:,} columns",
        ),
        "hint": (
            "删除远处的多余单元格，只保留需要的行和列",
            "delete cells far from the table, and keep only the rows and columns that are needed",
        ),
    },
    "raster-too-large": {
        "what": (
            "栅格过大，不予读取：{cells:,} 个像元（{bands:,} 个波段），最多 {most:,} 个",
            "the raster is too large to be read: {cells:,} cells ({bands:,} bands) of {most:,} at most",
        ),
        "hint": ("裁剪到规划范围，只保留需要的波段", "clip it to the district and keep only the bands that are needed"),
    },
    "changed-while-read": {
        "what": ("读取期间文件被改动：{file}", "somebody changed it while it was read: {file}"),
        "hint": ("等写入的程序结束后再运行", "call again when the program that writes it has finished"),
    },
    "database-in-use": {
        "what": (
            "数据库有未完成的修改（{file}），内容不确定",
            "a change of the database was interrupted ({file}): what it holds is uncertain",
        ),
        "hint": (
            "用 QGIS 打开并关闭一次，或另存为新的 GeoPackage",
            "open it in QGIS and close it again, or save it as a new GeoPackage",
        ),
    },
    "two-sidecars": {
        "what": (
            "配套文件 {first} 与 {second} 只差大小写，无法判断用哪个",
            "{first} and {second} differ only in capitals; either may be meant",
        ),
        "hint": ("只保留一个", "keep one of them"),
    },
    "virtual-table": {
        "what": (
            "表 {table} 由 SQLite 模块 {module} 生成，内容可能来自别的文件",
            "its table {table} is made by the SQLite module {module} and may come from other files",
        ),
        "hint": ("把图层另存为新的 GeoPackage", "save the layer as a new GeoPackage"),
    },
    "endless-view": {
        "what": (
            "视图 {table} 的结果过多或计算不出（{reason}），不予读取",
            "its view {table} gives too much, or cannot be computed ({reason}); it was not read",
        ),
        "hint": (
            "把视图的结果另存为新的 GeoPackage 图层，检查其连接条件",
            "save the view's rows as a layer of a new GeoPackage, and check the conditions of its joins",
        ),
    },
    "overpass-json": {
        "what": (
            "内容是 Overpass 的 JSON（{elements:,} 个对象），不是 GeoJSON",
            "its content is JSON from Overpass ({elements:,} elements), not GeoJSON",
        ),
        "hint": (
            "查询首行写 [out:xml]，末尾写 out meta geom;，结果存为 .osm",
            "write [out:xml] at the head of the query and `out meta geom;` at its end, and save the answer as .osm",
        ),
    },
    "other-json": {
        "what": ("内容是 {kind}，不是 GeoJSON", "its content is {kind}, not GeoJSON"),
        "hint": ("用 GIS 软件另存为 GeoJSON 或 GeoPackage", "save it as GeoJSON or GeoPackage with a GIS"),
    },
    "crs-by-link": {
        "what": (
            "坐标系以网址给出（{link}），不会联网读取",
            "its coordinate system is named by an address ({link}), which is not fetched",
        ),
        "hint": ("在研究文件中写明 crs", "write crs: in the study"),
    },
    "missing-sidecar": {
        "what": ("缺少配套文件 {suffix}，属性全部丢失", "its {suffix} file is missing, and with it all columns"),
        "hint": ("把 .shp、.shx、.dbf、.prj 放在一起", "put .shp, .shx, .dbf and .prj side by side"),
    },
    "rebuilt-index": {
        "what": ("缺少索引文件 .shx，已临时重建", "its .shx file is missing; the index was rebuilt for this reading"),
        "hint": ("把 .shp、.shx、.dbf、.prj 放在一起", "put .shp, .shx, .dbf and .prj side by side"),
    },
    "reader-warning": {
        "what": ("读取时有警告：{reason}", "the reader warns: {reason}"),
        "hint": ("用 GIS 软件打开核对", "open it in a GIS and look"),
    },
    "zip-bomb": {
        "what": (
            "压缩包解压后过大（{megabytes:,.0f} MB，{members:,} 个文件），拒绝解压",
            "the archive would unpack to too much ({megabytes:,.0f} MB, {members:,} files); it was not unpacked",
        ),
        "hint": ("只打包需要的图层", "pack only the layer"),
    },
    "osm-bomb": {
        "what": (
            "文件 {packed:,.1f} MB，解压后超过 {megabytes:,.0f} MB（地图数据不超过其 {ratio} 倍），拒绝读取",
            "the file of {packed:,.1f} MB would unpack to more than {megabytes:,.0f} MB (no map to more than {ratio} times its size); it was not read",
        ),
        "hint": (
            "重新下载或导出；范围过大时先裁剪到规划范围（osmium extract）",
            "download or export it again; clip a larger region to the district first (osmium extract)",
        ),
    },
    "zip-locked": {
        "what": ("压缩包有密码", "the archive is locked by a password"),
        "hint": ("去掉密码重新打包", "pack it again without one"),
    },
    "no-postgis": {
        "what": ("本机的 GDAL 没有 PostgreSQL 驱动", "GDAL was built without its PostgreSQL driver here"),
        "hint": ("从数据库导出为 GeoPackage", "export the table as GeoPackage"),
    },
    "no-checksum": {
        "what": (
            "从数据库读取，没有校验和：下次运行读到的数据可能不同",
            "it is read from a database and has no checksum: the next run may read other rows",
        ),
        "hint": (
            "需要可重复的结果时，先导出为 GeoPackage",
            "export it as GeoPackage where a result must be repeatable",
        ),
    },
    "no-raster": {
        "what": ("读取栅格需要可选组件 raster", "reading rasters needs the optional extra raster"),
        "hint": (
            'pip install "community-facility-planner[raster]"',
            'pip install "community-facility-planner[raster]"',
        ),
    },
    "missing-tags": {
        "what": (
            "OpenStreetMap 数据需要用 tags 说明取哪些对象",
            "an OpenStreetMap extract needs tags: to say which objects to take",
        ),
        "hint": ("例如 tags: {{amenity: [kindergarten]}}", "for instance tags: {{amenity: [kindergarten]}}"),
    },
    "several-tables": {
        "what": ("文件里有多个图层：{tables}", "the file holds several tables: {tables}"),
        "hint": ("在研究文件里写明 layer", "say which one with layer: in the study"),
    },
    "missing-table": {
        "what": ("文件里没有图层 {table}，只有：{tables}", "the file has no table {table}; it has: {tables}"),
        "hint": ("改正 layer", "mend layer: in the study"),
    },
    "empty-layer": {
        "what": ("图层没有可用的记录", "the layer has no usable row"),
        "hint": ("核对文件以及 keep、tags 条件", "check the file, and the keep and tags conditions"),
    },
    "empty-box": {
        "what": ("范围框 {box} 内没有任何要素", "nothing lies in the box {box}"),
        "hint": (
            "box_deg 的顺序是西、南、东、北，单位为度；核对后重试",
            "box_deg is west, south, east, north in degrees; check it",
        ),
    },
    "wrong-encoding": {
        "what": (
            "文件声明编码为 {declared}，内容实际是 {encoding}，按 {encoding} 读取",
            "it is declared {declared}, but its bytes are {encoding}; read as {encoding}",
        ),
        "hint": (
            "在研究文件中写明 encoding: {encoding}（shapefile 也可改正 .cpg）",
            "write encoding: {encoding} in the study (or, for a shapefile, correct its .cpg)",
        ),
    },
    "guessed-encoding": {
        "what": (
            "编码无法确定（既不是 UTF-8 也不是 GB18030），暂按 {encoding} 读取",
            "nobody says its encoding and it is neither UTF-8 nor GB18030; read as {encoding}",
        ),
        "hint": ("在研究文件中写明 encoding", "write encoding: in the study"),
    },
    "encoding-decided": {
        "what": (
            "没有声明编码，按全部字节判断为 {encoding}",
            "its encoding is not declared; all its bytes say {encoding}",
        ),
        "hint": (
            "无需处理；也可在研究文件中写明 encoding: {encoding}，或另存为 GeoPackage",
            "nothing to do; or write encoding: {encoding} in the study, or save as GeoPackage",
        ),
    },
    "mixed-encoding": {
        "what": (
            "文件混用了编码：{count:,} 行不是 {encoding}（如 {example}）",
            "it mixes encodings: {count:,} rows are not {encoding} (e.g. {example})",
        ),
        "hint": ("把这些行改为同一编码", "write these rows in the encoding of the rest"),
    },
    "missing-column": {
        "what": ("没有字段 {column}（用作{use}）", "there is no column {column} (used as {use})"),
        "hint": ("{near}现有字段：{columns}", "{near}columns there are: {columns}"),
    },
    "cut-name": {
        "what": (
            "字段 {column} 在文件中是 {found}，即 Shapefile 截到 10 字节后的名称",
            "column {column} is {found} in the file, the name as a shapefile cuts it at ten bytes",
        ),
        "hint": (
            "在 columns 中写文件里的名称，或从原始数据重新导出完整的名称",
            "write the file's name in columns:, or export the layer again with whole names",
        ),
    },
    "ambiguous-column": {
        "what": ("字段 {column} 可能是 {columns} 中的任何一个", "column {column} may be any of {columns}"),
        "hint": ("在 columns 中写文件里的确切名称", "write the name exactly as in the file"),
    },
    "doubled-property": {
        "what": (
            "有的要素把属性 {column} 写了两次，读取程序只留下一个",
            "some features hold the property {column} twice, and readers keep only one of them",
        ),
        "hint": ("改名或删去其中一个", "rename one of them, or delete it"),
    },
    "title-rows": {
        "what": (
            "表头之上有 {titles:,} 行标题或分组，找到的字段：{columns}",
            "{titles:,} rows of titles or groups stand above the heading; columns found: {columns}",
        ),
        "hint": ("核对字段；或只保留一行表头", "check the columns, or leave one row of headings"),
    },
    "nameless-columns": {
        "what": (
            "{count:,} 个没有表头的列有内容，已略去（第 {positions} 列）",
            "{count:,} columns without a heading hold something and were left out (number {positions})",
        ),
        "hint": ("需要的列写上表头", "give headings to the columns you need"),
    },
    "unmatched-value": {
        "what": (
            "{use} 中字段 {column} 的值 {values} 在图层中没有",
            "{use}: column {column} has no row with {values}",
        ),
        "hint": (
            "{near}核对写法；以 0 开头的代码加引号",
            "{near}check how it is written; put codes that begin with 0 in quotes",
        ),
    },
    "inexact-code": {
        "what": (
            "字段 {column} 有 {count:,} 个编号存为浮点数，末尾数字已丢失（如 {example}）",
            "column {column} has {count:,} codes stored as floating-point numbers, whose last digits are lost (e.g. {example})",
        ),
        "hint": ("在原表中把编号存为文本，重新导出", "store the codes as text in the source, and export it again"),
    },
    "ids-made": {
        "what": ("没有编号字段，按行号编号", "it has no id column; ids were made from row numbers"),
        "hint": ("用 columns: {{id: …}} 指明编号字段", "name the id column with columns: {{id: …}}"),
    },
    "ids-qualified": {
        "what": (
            "{count:,} 个编号在多个图层中重复，已加上文件名区分",
            "{count:,} ids occur in several layers; the file's name was put before them",
        ),
        "hint": ("让编号在各图层之间也唯一", "make ids unique across layers"),
    },
    "ids-of-both": {
        "what": (
            "{count:,} 个编号既是现有设施又是备选点，现有设施改称 {apart} 等，备选点保留 {example} 等编号",
            "{count:,} ids are both a facility's and a candidate's; the facility is called {apart} here, the candidate stays {example}",
        ),
        "hint": (
            "siting.must、never 中的 {example} 指备选点，{apart} 指现有设施；也可给两者不同的编号",
            "in siting.must and never, {example} is the candidate and {apart} the facility; or give the two different ids",
        ),
    },
    "duplicate-id": {
        "what": ("{count:,} 条记录的编号重复或为空", "{count:,} rows have an id that is empty or not unique"),
        "hint": ("给每条记录唯一的编号", "give every row an id of its own"),
    },
}
