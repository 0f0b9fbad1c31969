"""The form of Kibana 8.19's saved objects, as far as the dashboards use it: anything else is refused.

Written from the types and schemas of Kibana: ``dashboard_saved_object/schema/v2``, the data view attributes, and Lens'
``FormBasedPersistedState``, ``XYState``, ``MetricVisualizationState``, ``LensPartitionVisualizationState`` and
``DatatableVisualizationState``.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Text = Annotated[str, Meta(min_length=1)]
Whole = Annotated[int, Meta(ge=0)]
Colour = Annotated[str, Meta(pattern="^#[0-9A-F]{6}$")]


def _as_in_kibana(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.upper() if part == "json" else part.title() for part in rest)


class Strict(Struct, forbid_unknown_fields=True, kw_only=True, rename=_as_in_kibana):
    """All fields are there, and no other."""


class Reference(Strict):
    type: Literal["index-pattern", "lens"]
    name: Text
    id: Text


class Query(Strict):
    query: str
    language: Literal["kuery"]


class Saved(Strict):
    id: Annotated[str, Meta(pattern="^[a-z0-9_-]+$")]
    type: Literal["index-pattern", "lens", "dashboard"]
    attributes: dict[str, Any]
    references: list[Reference]
    managed: Literal[True]
    core_migration_version: Literal["8.8.0"]
    type_migration_version: Literal["8.0.0", "8.9.0", "10.2.0"]


class DataView(Strict):
    title: Text
    name: Text
    time_field_name: Text
    fields: Literal["[]"]
    field_attrs: Text
    field_format_map: Text
    runtime_field_map: Literal["{}"]
    source_filters: Literal["[]"]
    type_meta: Literal["{}"]
    allow_no_index: Literal[True]


class FieldAttributes(Strict):
    custom_label: Text


class Format(Strict):
    id: Literal["duration", "percent", "static_lookup"]
    params: dict[str, Any]


class _Column(Strict, tag_field="operationType"):
    label: Text
    custom_label: Literal[True]
    data_type: Literal["string", "number", "date"]
    is_bucketed: bool
    scale: Literal["ordinal", "interval", "ratio"]


class DateHistogramParams(Strict):
    interval: Literal["auto", "1d"]
    include_empty_rows: bool
    drop_partials: bool


class DateHistogram(_Column, tag="date_histogram"):
    source_field: Text
    params: DateHistogramParams


class ByColumn(Strict, tag_field="type", tag="column"):
    column_id: Text


class Alphabetical(Strict, tag_field="type", tag="alphabetical"):
    fallback: bool


class ParentFormat(Strict):
    id: Literal["terms"]


class TermsParams(Strict):
    size: Annotated[int, Meta(ge=1, le=10_000)]
    order_by: ByColumn | Alphabetical
    order_direction: Literal["asc", "desc"]
    other_bucket: bool
    missing_bucket: bool
    parent_format: ParentFormat
    include: list[str]
    exclude: list[str]
    include_is_regex: bool
    exclude_is_regex: bool


class Terms(_Column, tag="terms"):
    source_field: Text
    params: TermsParams


class Filter(Strict):
    input: Query
    label: Text


class FiltersParams(Strict):
    filters: Annotated[list[Filter], Meta(min_length=1)]


class Filters(_Column, tag="filters"):
    params: FiltersParams


class NoParams(Strict):
    """None."""


class EmptyAsNull(Strict):
    empty_as_null: bool


class _Metric(_Column, kw_only=True):
    source_field: Text
    filter: Query | None = None


class UniqueCount(_Metric, tag="unique_count"):
    params: EmptyAsNull


class Sum(_Metric, tag="sum"):
    params: EmptyAsNull


class Average(_Metric, tag="average"):
    params: NoParams


class Median(_Metric, tag="median"):
    params: NoParams


class Maximum(_Metric, tag="max"):
    params: NoParams


class PercentileParams(Strict):
    percentile: Annotated[int, Meta(gt=0, lt=100)]


class Percentile(_Metric, tag="percentile"):
    params: PercentileParams


class FormulaParams(Strict):
    formula: Text
    is_formula_broken: Literal[False]


class Formula(_Column, tag="formula"):
    params: FormulaParams
    references: Annotated[list[str], Meta(min_length=1, max_length=1)]
    filter: Query | None = None


class MathParams(Strict):
    tinymath_ast: dict[str, Any]


class Math(_Column, tag="math"):
    params: MathParams
    references: Annotated[list[str], Meta(min_length=1)]


Bucket = DateHistogram | Terms | Filters
Column = Bucket | UniqueCount | Sum | Average | Median | Maximum | Percentile | Formula | Math


class Layer(Strict):
    columns: dict[str, Column]
    column_order: list[str]
    incomplete_columns: NoParams
    sampling: Literal[1]


class FormBased(Strict):
    layers: dict[str, Layer]


class DatasourceStates(Strict):
    form_based: FormBased


class Rule(Strict):
    type: Literal["matchExactly"]
    values: list[str]


class ColourCode(Strict):
    type: Literal["colorCode"]
    color_code: Colour


class Assignment(Strict):
    rule: Rule
    color: ColourCode
    touched: bool


class ColourMapping(Strict):
    assignments: list[Assignment]
    special_assignments: list[dict[str, Any]]
    palette_id: Literal["eui_amsterdam_color_blind"]
    color_mode: dict[str, str]


class YConfig(Strict):
    for_accessor: Text
    color: Colour


class XYLayer(Strict):
    layer_id: Text
    layer_type: Literal["data"]
    series_type: Literal[
        "bar_stacked", "bar_percentage_stacked", "bar_horizontal", "bar_horizontal_percentage_stacked", "line"
    ]
    x_accessor: Text
    accessors: Annotated[list[str], Meta(min_length=1)]
    position: Literal["top"]
    show_gridlines: bool
    split_accessor: str | None = None
    color_mapping: ColourMapping | None = None
    y_config: list[YConfig] | None = None


class Legend(Strict):
    is_visible: bool
    position: Literal["bottom"]


class Axes(Strict):
    x: bool
    y_left: bool
    y_right: bool


class Orientation(Strict):
    x: Literal[0, -45, -90]
    y_left: Literal[0, -45, -90]
    y_right: Literal[0, -45, -90]


class XY(Strict):
    layers: Annotated[list[XYLayer], Meta(min_length=1)]
    preferred_series_type: Text
    legend: Legend
    value_labels: Literal["hide", "show"]
    fitting_function: Literal["None"]
    axis_titles_visibility_settings: Axes
    tick_labels_visibility_settings: Axes
    gridlines_visibility_settings: Axes
    labels_orientation: Orientation


class MetricState(Strict):
    layer_id: Text
    layer_type: Literal["data"]
    metric_accessor: Text
    show_bar: bool
    subtitle: Text


class PartitionLayer(Strict):
    layer_id: Text
    layer_type: Literal["data"]
    primary_groups: Annotated[list[str], Meta(min_length=1)]
    metrics: Annotated[list[str], Meta(min_length=1, max_length=1)]
    number_display: Literal["hidden", "percent", "value"]
    category_display: Literal["default", "inside", "hide"]
    legend_display: Literal["default", "show", "hide"]
    nested_legend: bool
    color_mapping: ColourMapping


class Partition(Strict):
    shape: Literal["donut"]
    layers: Annotated[list[PartitionLayer], Meta(min_length=1, max_length=1)]


class TableColumn(Strict):
    column_id: Text
    is_transposed: Literal[False]
    is_metric: bool


class Sorting(Strict):
    column_id: Text
    direction: Literal["asc", "desc", "none"]


class Paging(Strict):
    size: Literal[10, 20, 30, 50, 100]
    enabled: bool


class TableState(Strict):
    layer_id: Text
    layer_type: Literal["data"]
    columns: list[TableColumn]
    paging: Paging
    sorting: Sorting | None = None


STATES = {"lnsXY": XY, "lnsMetric": MetricState, "lnsPie": Partition, "lnsDatatable": TableState}


class LensState(Strict):
    visualization: dict[str, Any]
    query: Query
    filters: Annotated[list[Any], Meta(max_length=0)]
    datasource_states: DatasourceStates
    internal_references: Annotated[list[Any], Meta(max_length=0)]
    ad_hoc_data_views: NoParams


class Lens(Strict):
    title: Text
    description: Text
    visualization_type: Literal["lnsXY", "lnsMetric", "lnsPie", "lnsDatatable"]
    state: LensState


class Refresh(Strict):
    pause: bool
    value: Annotated[int, Meta(ge=1000)]


class ControlGroup(Strict):
    control_style: Literal["oneLine", "twoLine"]
    chaining_system: Literal["HIERARCHICAL", "NONE"]
    show_apply_selections: bool
    panels_json: Text
    ignore_parent_settings_json: Text


class Search(Strict):
    search_source_json: Text


class Dashboard(Strict):
    title: Text
    description: Text
    time_restore: Literal[True]
    time_from: Annotated[str, Meta(pattern=r"^now-\d+[hd](/d)?$")]
    time_to: Literal["now"]
    refresh_interval: Refresh
    panels_json: Text
    options_json: Text
    control_group_input: ControlGroup
    kibana_saved_object_meta: Search


class Grid(Strict):
    x: Whole
    y: Whole
    w: Annotated[int, Meta(ge=1, le=48)]
    h: Annotated[int, Meta(ge=1)]
    i: Text


class LensPanel(Strict, tag_field="type", tag="lens"):
    panel_index: Text
    grid_data: Grid
    embeddable_config: dict[str, Any]
    panel_ref_name: Text


class NotePanel(Strict, tag_field="type", tag="visualization"):
    panel_index: Text
    grid_data: Grid
    embeddable_config: dict[str, Any]


Panel = LensPanel | NotePanel


class Options(Strict):
    use_margins: bool
    sync_colors: bool
    sync_cursor: bool
    sync_tooltips: bool
    hide_panel_titles: bool


class ExplicitInput(Strict):
    id: Text
    field_name: Text
    title: Text
    enhancements: NoParams


class Control(Strict):
    order: Whole
    width: Literal["small", "medium", "large"]
    grow: bool
    type: Literal["optionsListControl"]
    explicit_input: ExplicitInput


class Ignored(Strict):
    ignore_filters: bool
    ignore_query: bool
    ignore_timerange: bool
    ignore_validations: bool
