//! A livelock or starvation as a ring: one dot a step, played lap after lap, and nothing comes of it.

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use crate::store::LapView;

/// The ring's middle and its radius.
const MIDDLE: (f64, f64) = (38.0, 32.0);
const RADIUS: f64 = 24.0;

/// How long a dot is lit.
const DOT_MILLIS: u32 = 450;
const CALM_MILLIS: u32 = 1_000;

/// What the band says, with the ring beside it if there is one.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct RingProps {
    /// The lap.
    pub(super) lap: LapView,
    /// Whether less motion is wanted.
    pub(super) calm: bool,
    /// What the band says while nobody plays a lap.
    pub(super) children: Html,
}

/// The ring and the words beside it.
#[component]
pub(super) fn Ring(props: &RingProps) -> Html {
    let RingProps {
        lap,
        calm,
        children,
    } = props;
    let laps = use_state(|| 0u32);
    let at = use_state(|| None::<usize>);
    let count = lap.steps.len();
    {
        let (laps, at) = (laps.clone(), at.clone());
        let pause = if *calm { CALM_MILLIS } else { DOT_MILLIS };
        use_effect_with((*at, count), move |&(now, count)| {
            let clock = now.map(|step| {
                Timeout::new(pause, move || {
                    let next = step + 1;
                    if next < count {
                        at.set(Some(next));
                    } else {
                        at.set(None);
                        laps.set(*laps + 1);
                    }
                })
            });
            move || drop(clock)
        });
    }
    let play = {
        let at = at.clone();
        Callback::from(move |_: MouseEvent| at.set(Some(0)))
    };
    let playing = *at;
    let lit = playing.and_then(|step| Some((step, lap.steps.get(step)?)));
    let says = format!("Play one lap of {count} steps");
    let name = if lap.starved.is_empty() {
        "Lap"
    } else {
        "Starvation, lap"
    };
    html! {
        <div class="lasso">
            <button type="button" id="ring" class="ring" title={says} onclick={play}>
                { drawing(lap, playing) }
                <span>
                    <b id="laps">{ format!("{name} {}", *laps + u32::from(playing.is_some())) }</b>
                    <span class="per-lap">
                        { format!("pages freed per lap: {}", lap.pages_freed) }
                        <br />{ format!("kills per lap: {}", lap.kills) }
                    </span>
                </span>
            </button>
            <div class="say">
                if let Some((step, one)) = lit {
                    <p id="lap-step"><b>{ format!("Step {} of {count}, {}: ", step + 1, one.task) }</b>{ &one.caption }</p>
                } else {
                    { children.clone() }
                }
            </div>
            <ol class="away" aria-label="One lap">{ for lap.steps.iter().map(|one| html! { <li>{ &one.caption }</li> }) }</ol>
        </div>
    }
}

/// Where a step's dot is, clockwise from where the stem comes in.
fn dot(step: usize, count: usize) -> (f64, f64) {
    let angle = std::f64::consts::TAU * (step as f64 / count.max(1) as f64) + std::f64::consts::PI;
    (
        MIDDLE.0 + RADIUS * angle.cos(),
        MIDDLE.1 + RADIUS * angle.sin(),
    )
}

fn drawing(lap: &LapView, playing: Option<usize>) -> Html {
    let count = lap.steps.len();
    let size = (100.0 / count.max(1) as f64).clamp(1.4, 4.0);
    let stem = format!("M0,{y}H{x}", x = MIDDLE.0 - RADIUS, y = MIDDLE.1);
    html! {
        <svg width="66" height="64" viewBox="0 0 66 64" aria-hidden="true">
            if lap.stem > 0 {
                <path class="stem" d={stem} />
            }
            <circle class="round" cx={MIDDLE.0.to_string()} cy={MIDDLE.1.to_string()} r={RADIUS.to_string()} />
            { for lap.steps.iter().enumerate().map(|(step, one)| {
                let (x, y) = dot(step, count);
                let now = playing == Some(step);
                let r = if now { size + 2.5 } else { size };
                html! {
                    <circle class={classes!("dot", now.then_some("now"))} cx={format!("{x:.1}")} cy={format!("{y:.1}")} r={format!("{r:.1}")}>
                        <title>{ &one.caption }</title>
                    </circle>
                }
            }) }
            <text x={MIDDLE.0.to_string()} y={(MIDDLE.1 + 4.5).to_string()} text-anchor="middle">{ count }</text>
        </svg>
    }
}
