//! Proposal A: kswapd, which alone calls the killer, while somebody else has `oom_lock`.

mod play;

use expect_test::expect;
use oomscope_model::kernel::page_alloc::{another_round, burns_cpu, is_busy, wants_page};
use oomscope_model::machine::{Machine, OOM_LOCK, Parking, Timing};
use oomscope_model::patches::Version;
use oomscope_model::state::{Nap, Pc, Run, Vmscan};

use play::Play;

const BALANCE: Pc = Pc::Vmscan(Vmscan::Balance);

/// The reaper of 4.14 sleeps a second with `oom_lock` held, because qemu has notifiers. min 8,
/// low 12, high 16 MB, a page is 4 MB.
fn machine(more: &str) -> Machine {
    let text = format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"4.14\"\n\
         offers = [\"oom-in-kswapd\"]\n[kswapd]\n\
         [zone]\ntotal = \"384 MB\"\npage = \"4 MB\"\nfree = \"12 MB\"\n\
         min = \"8 MB\"\nlow = \"12 MB\"\nhigh = \"16 MB\"\n\
         [[process]]\nname = \"qemu\"\nrss = \"160 MB\"\n[[process.notifier]]\nkind = \"kvm\"\n\
         [[process.thread]]\nname = \"qemu\"\nprogram = \"wait_for disk\"\n\
         [[process]]\nname = \"postgres\"\nrss = \"48 MB\"\n\
         [[kthread]]\nname = \"nfsd\"\nprogram = \"\"\"\nalloc_page GFP_KERNEL 3\ncomplete disk\n\"\"\"\n\
         {more}\n"
    );
    play::machine_of(Version(4, 14), &[("oom-in-kswapd", true)], &text)
}

/// Up to where kswapd, which killed qemu, has come back and found `oom_lock` with the reaper.
fn found_it_taken(machine: Machine) -> Play {
    let mut play = Play::new(machine);
    play.run_at_most(10, "nfsd");
    while play.kills() == 0 {
        play.step("kswapd0");
    }
    // The first jiffy is the killer's own.
    play.steps("oom_reaper*2 kswapd0*2 oom_reaper*2");
    let reaper = play.run_of("oom_reaper");
    assert!(
        matches!(reaper, Run::Asleep { nap: Nap::Hz, .. }),
        "{}",
        play.table
    );
    assert!(play.state.holders(OOM_LOCK).next().is_some());
    play.table.clear();
    play.step("kswapd0");
    play
}

#[test]
fn kswapd_waits_for_oom_lock_without_a_round() {
    let mut play = found_it_taken(machine(""));
    play.is_next(expect![[r#"
        kswapd0: OomLockBusy { task: kswapd0 }
    "#]]);
    assert_eq!(play.run_of("kswapd0"), Run::Parked(BALANCE));
    assert!(!play.can("kswapd0"));
    let kswapd = play.task("kswapd0");
    // It works for others, and it sleeps between two passes.
    assert!(!wants_page(&play.state, kswapd));
    assert!(!is_busy(&play.state, kswapd));
    assert!(!burns_cpu(&play.machine, &play.state, kswapd));
    assert!(play.state.task(kswapd).is_parked());
    // The second of the reaper ends.
    play.run("nfsd");
    play.steps("oom_reaper*2");
    play.is_next(expect![[r#"
        nfsd: NoPage { task: nfsd }
        nfsd: KillerVetoed { task: nfsd }
        nfsd: Parked { task: nfsd }
        oom_reaper: Woke { task: oom_reaper, nap: Hz }
        oom_reaper: SkipSet { mm: MmId(0) }
        oom_reaper: LockReleased { task: oom_reaper, lock: oom_lock, mode: Write }
    "#]]);
    assert_eq!(play.run_of("kswapd0"), Run::Ready(BALANCE));
    play.run("kswapd0");
    assert_eq!(play.kills(), 2, "{}", play.table);
}

#[test]
fn kswapd_looks_again_when_memory_comes_back() {
    let more = "[[kthread]]\nname = \"loop0\"\nprogram = \"free_page 8\"\n";
    let mut play = found_it_taken(machine(more));
    assert_eq!(play.run_of("kswapd0"), Run::Parked(BALANCE));
    play.step("loop0");
    assert_eq!(play.run_of("kswapd0"), Run::Ready(BALANCE));
    play.table.clear();
    play.step("kswapd0");
    play.is_next(expect![[r#"
        kswapd0: KswapdSleeps { task: kswapd0 }
    "#]]);
    assert_eq!(play.kills(), 1);
}

#[test]
fn a_round_of_kswapd_is_a_nap_and_a_pass_and_changes_nothing() {
    let mut play = found_it_taken(machine(""));
    let kswapd = play.task("kswapd0");
    let before = play.state.clone();
    assert!(another_round(&mut play.state, kswapd));
    let nap = Run::Asleep {
        nap: Nap::Jiffy,
        pc: BALANCE,
    };
    assert_eq!(play.run_of("kswapd0"), nap);
    play.steps("kswapd0*2");
    assert!(play.state == before);
}

#[test]
fn without_parking_kswapd_naps() {
    let mut machine = machine("");
    machine.rules.parking = Parking::Off;
    machine.rules.timing = Timing::Adversarial;
    let play = found_it_taken(machine);
    let nap = Run::Asleep {
        nap: Nap::Jiffy,
        pc: BALANCE,
    };
    assert_eq!(play.run_of("kswapd0"), nap);
}
