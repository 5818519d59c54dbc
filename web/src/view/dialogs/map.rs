//! The state space as a map: layer by layer to the right, each state in its region.

use std::fmt::Write;

use web_sys::Element;
use yew::prelude::*;

use crate::store::{Action, Chart, Region, SearchState};
use crate::view::{Props, grouped, on};

/// Room around the drawing.
const PAD: f64 = 16.0;

/// So many states stand one below the other before a layer gets a second column.
const ROWS_MAX: usize = 95;

/// Where things are drawn.
struct Frame {
    /// From layer to layer.
    dx: f64,
    /// From column to column within a layer.
    column: f64,
    dy: f64,
    /// The most states in a column.
    rows: usize,
    width: f64,
    height: f64,
    /// Half of a mark.
    size: f64,
}

impl Frame {
    fn of(chart: &Chart) -> Frame {
        let layers = chart.layers.len().max(1) as f64;
        let largest = chart.layers.iter().map(|layer| layer.iter().sum());
        let largest: usize = largest.max().unwrap_or(1);
        let columns = largest.div_ceil(ROWS_MAX).max(1);
        let rows = largest.div_ceil(columns).max(1);
        let least = 9.0_f64.max(4.6 * columns as f64 + 6.0);
        let dx = (1000.0 / layers).min(34.0).max(least);
        let dy = (400.0 / rows as f64).clamp(4.2, 20.0);
        let column = (dx - 4.0) / columns as f64;
        Frame {
            dx,
            column,
            dy,
            rows,
            width: 2.0 * PAD + dx * layers,
            height: 2.0 * PAD + dy * rows as f64,
            size: (column.min(dy) * 0.36).clamp(1.5, 4.5),
        }
    }

    /// The middle of a state's mark; a layer stands around the middle of the drawing, row by
    /// row, so that its regions lie one below the other.
    fn at(&self, chart: &Chart, spot: usize) -> Option<(f64, f64)> {
        let spot = chart.spots.get(spot)?;
        let all: usize = chart.layers.get(spot.depth)?.iter().sum();
        let columns = all.div_ceil(self.rows).max(1);
        let rows = all.div_ceil(columns);
        let middle = |place: usize, of: usize| place as f64 - (of as f64 - 1.0) / 2.0;
        let x = PAD + self.dx * (spot.depth as f64 + 0.5);
        Some((
            x + self.column * middle(spot.place % columns, columns),
            self.height / 2.0 + self.dy * middle(spot.place / columns, rows),
        ))
    }

    /// The state whose mark is nearest, if it is near.
    fn nearest(&self, chart: &Chart, x: f64, y: f64) -> Option<usize> {
        let far = |spot: usize| {
            let at = self.at(chart, spot);
            at.map_or(f64::MAX, |(px, py)| (px - x).powi(2) + (py - y).powi(2))
        };
        let best = (0..chart.spots.len()).min_by(|&a, &b| far(a).total_cmp(&far(b)))?;
        (far(best) <= 20.0_f64.powi(2)).then_some(best)
    }
}

/// The map of what can be reached since the last switch.
#[component]
pub(super) fn Map(props: &Props) -> Html {
    let node = use_node_ref();
    let store = &props.store;
    let Some(chart) = store.chart() else {
        return waiting(props);
    };
    let from = match chart.base {
        0 => "the start".to_string(),
        step => format!("step {step}"),
    };
    if chart.spots.is_empty() {
        return html! {
            <p class="lead">{ format!("{} states can be reached from {from}: too many for a map, which draws a few thousand. The verdict has looked at all of them.", grouped(chart.states)) }</p>
        };
    }
    let frame = Frame::of(chart);
    let press = {
        let (store, dispatch, node) = (store.clone(), props.dispatch.clone(), node.clone());
        Callback::from(move |event: MouseEvent| {
            let (Some(svg), Some(chart)) = (node.cast::<Element>(), store.chart()) else {
                return;
            };
            let place = svg.get_bounding_client_rect();
            let x = f64::from(event.client_x()) - place.left();
            let y = f64::from(event.client_y()) - place.top();
            if let Some(spot) = Frame::of(chart).nearest(chart, x, y) {
                dispatch.emit(Action::GoToSpot { spot });
            }
        })
    };
    let label = format!(
        "{} states in {} layers; the same as a table below",
        grouped(chart.states),
        chart.layers.len()
    );
    html! {
        <div class="map">
            <p class="lead">{ format!("Every state that can be reached from {from}, each as many steps to the right as a shortest schedule takes to it. The line is the run. Press a state to go there.") }</p>
            { legend(chart) }
            <div class="map-box" tabindex="0" role="region" aria-label="Map of states">
                <svg ref={node} id="state-map" role="img" aria-label={label} onclick={press}
                     width={frame.width.to_string()} height={frame.height.to_string()}>
                    <path class="ways" d={ways(&frame, chart)} />
                    { for Region::ALL.iter().map(|&region| html! {
                        <path class={class(region)} d={marks(&frame, chart, region)} />
                    }) }
                    { run(&frame, chart, store.cursor()) }
                </svg>
            </div>
            <details>
                <summary>{ "As a table" }</summary>
                { table(props, chart) }
            </details>
        </div>
    }
}

/// It is not there yet, or will not be.
fn waiting(props: &Props) -> Html {
    let words = match props.store.verdict().search {
        SearchState::Limit { states, .. } => format!(
            "The search stopped after {} states: too many for a map.",
            grouped(states)
        ),
        SearchState::Cancelled => "The search was cancelled.".to_string(),
        _ => "Searching…".to_string(),
    };
    let again = matches!(props.store.verdict().search, SearchState::Cancelled);
    html! {
        <>
            <p class="lead" role="status">{ words }</p>
            if again {
                <button type="button" class="btn line" onclick={on(&props.dispatch, Action::SearchAgain)}>{ "Search again" }</button>
            }
        </>
    }
}

fn class(region: Region) -> &'static str {
    match region {
        Region::Finished => "mark tone-run",
        Region::Free => "mark tone-ok",
        Region::AtRisk => "mark tone-wait",
        Region::Doomed => "mark tone-stuck",
    }
}

/// The shape of a region: a diamond has ended, a disc is free, a triangle warns, a cross is doomed.
fn shape(path: &mut String, region: Region, (x, y): (f64, f64), r: f64) {
    // Writing to a string does not fail.
    let _ = match region {
        Region::Finished => write!(
            path,
            "M{x:.1},{y:.1}m{r:.1},0l-{r:.1},{r:.1}l-{r:.1},-{r:.1}l{r:.1},-{r:.1}z"
        ),
        Region::Free => {
            let d = 2.0 * r;
            write!(
                path,
                "M{:.1},{y:.1}a{r:.1},{r:.1} 0 1 0 {d:.1},0a{r:.1},{r:.1} 0 1 0 -{d:.1},0z",
                x - r
            )
        }
        Region::AtRisk => {
            let d = 2.0 * r;
            write!(path, "M{x:.1},{:.1}l{r:.1},{d:.1}h-{d:.1}z", y - r)
        }
        Region::Doomed => {
            let d = 2.0 * r;
            let (left, top) = (x - r, y - r);
            write!(
                path,
                "M{left:.1},{top:.1}l{d:.1},{d:.1}m0,-{d:.1}l-{d:.1},{d:.1}"
            )
        }
    };
}

fn marks(frame: &Frame, chart: &Chart, region: Region) -> String {
    let mut path = String::new();
    for (spot, _) in (chart.spots.iter().enumerate()).filter(|(_, spot)| spot.region == region) {
        if let Some(place) = frame.at(chart, spot) {
            shape(&mut path, region, place, frame.size);
        }
    }
    path
}

/// The shortest schedules, as hairlines.
fn ways(frame: &Frame, chart: &Chart) -> String {
    let mut path = String::new();
    for (spot, at) in chart.spots.iter().enumerate().skip(1) {
        let ends = frame.at(chart, at.parent).zip(frame.at(chart, spot));
        if let Some(((ax, ay), (bx, by))) = ends {
            // Writing to a string does not fail.
            let _ = write!(path, "M{ax:.1},{ay:.1}L{bx:.1},{by:.1}");
        }
    }
    path
}

/// The run as a line, and where the cursor is.
fn run(frame: &Frame, chart: &Chart, cursor: usize) -> Html {
    let places: Vec<(f64, f64)> = (chart.run.iter())
        .filter_map(|&spot| frame.at(chart, spot))
        .collect();
    let points: Vec<String> = (places.iter())
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    let here = (cursor.checked_sub(chart.base)).and_then(|at| places.get(at));
    html! {
        <>
            <polyline class="run" points={points.join(" ")} />
            if let Some((x, y)) = here {
                <circle class="here" cx={format!("{x:.1}")} cy={format!("{y:.1}")} r={format!("{:.1}", frame.size + 4.0)} />
            }
        </>
    }
}

fn legend(chart: &Chart) -> Html {
    html! {
        <ul class="map-legend">
            { for Region::ALL.iter().map(|&region| {
                let count: usize = chart.layers.iter().map(|layer| layer[region as usize]).sum();
                let mut mark = String::new();
                shape(&mut mark, region, (7.0, 7.0), 4.5);
                html! {
                    <li>
                        <svg width="14" height="14" aria-hidden="true"><path class={class(region)} d={mark} /></svg>
                        { format!("{} {}", grouped(count as u32), region.word()) }
                    </li>
                }
            }) }
        </ul>
    }
}

/// The same in numbers; each number is a way to its first state.
fn table(props: &Props, chart: &Chart) -> Html {
    let first = |depth: usize, region: Region| {
        let mut spots = chart.spots.iter();
        spots.position(|spot| spot.depth == depth && spot.region == region)
    };
    html! {
        <table id="map-table">
            <caption class="away">{ "States by layer and region" }</caption>
            <thead><tr>
                <th scope="col">{ "Steps" }</th>
                { for Region::ALL.iter().map(|region| html! { <th scope="col">{ region.word() }</th> }) }
            </tr></thead>
            <tbody>
                { for chart.layers.iter().enumerate().map(|(depth, layer)| html! {
                    <tr>
                        <th scope="row">{ depth }</th>
                        { for Region::ALL.iter().map(|&region| html! {
                            <td>
                                if let Some(spot) = first(depth, region) {
                                    <button type="button" class="linkish" title="Go to the first of them"
                                            onclick={on(&props.dispatch, Action::GoToSpot { spot })}>{ layer[region as usize] }</button>
                                }
                            </td>
                        }) }
                    </tr>
                }) }
            </tbody>
        </table>
    }
}
