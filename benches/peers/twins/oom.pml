/* Allocators, the killer among them, and a victim that waits for a mutex which an allocator
 * holds: the machine of oom.toml, by the rules of a 4.5 kernel (mm/page_alloc.c,
 * mm/oom_kill.c, kernel/exit.c, kernel/locking/mutex.c). One d_step here is one transition
 * there, and what is global here is exactly what changes there, so states and transitions
 * are the same in number.
 *
 * N workers (-DN=2), who allocate under the mutex, and N eaters, who hold nothing. */

#ifndef N
#define N 2
#endif
#define TASKS (2 * N + 1)
#define VICTIM 0
#define RSS 50 /* pages that the victim maps */
#define MARK 1 /* all three watermarks */

/* How a task runs. */
#define READY 0       /* at the start of a line */
#define ASLEEP 1      /* in the queue of the mutex */
#define AWAKE 2       /* there too, and will look at it again */
#define TRY 3         /* about to look at the free list */
#define OOM 4         /* reclaim made no progress: goes to the killer */
#define PARKED_TRY 5  /* a round changed nothing, and nothing has changed since */
#define PARKED_OOM 6  /* the same, and somebody has oom_lock */
#define NAPS 7        /* has killed, sleeps a jiffy with oom_lock held */
#define NAPPED 8
#define EXIT_LOCK 9   /* the victim: has seen the signal */
#define EXIT_DROP 10  /* holds mmap_sem, about to drop its mm */
#define EXIT_START 11 /* in exit_mmap */
#define EXIT_UNMAP 12
#define EXIT_FREE 13
#define IDLE 14       /* at the end of its program */
#define EXITED 15

#define is_worker(task) (task != VICTIM && task <= N)
#define LINES_OF(task) (task == VICTIM -> 2 : (is_worker(task) -> 6 : 3))

byte does[TASKS];
byte line[TASKS];
bool clean[TASKS];  /* nothing relevant has changed since its round began */
byte queue[TASKS];  /* the task at each place of the mutex's queue, plus one */
byte waiting;       /* how many stand in it */
bool taken;         /* the mutex */
bool oom_lock;
bool killed;        /* the victim: SIGKILL and TIF_MEMDIE are one step */
byte free = 3;
byte at;            /* only inside a step; 0 between steps */

/* A killed process whose program is over leaves. */
inline line_done(task) {
    line[task]++;
    if
    :: line[task] < LINES_OF(task) -> does[task] = READY
    :: line[task] == LINES_OF(task) && task == VICTIM && killed -> does[task] = EXIT_LOCK
    :: else -> does[task] = IDLE
    fi
}

/* Something that a round of the allocator reads has changed. */
inline disturb() {
    do
    :: at < TASKS ->
        clean[at] = false;
        if
        :: does[at] == PARKED_TRY || does[at] == PARKED_OOM -> does[at] = TRY
        :: else
        fi;
        at++
    :: else -> break
    od;
    at = 0
}

inline mutex_lock(task) {
    if
    :: !taken -> taken = true; line_done(task)
    :: else ->
        does[task] = ASLEEP;
        queue[waiting] = task + 1;
        waiting++
    fi
}

inline mutex_unlock(task) {
    taken = false;
    line_done(task);
    if
    :: waiting > 0 -> does[queue[0] - 1] = AWAKE
    :: else
    fi
}

inline look_again(task) {
    if
    :: !taken ->
        taken = true;
        do
        :: queue[at] == task + 1 -> break
        :: else -> at++
        od;
        do
        :: at + 1 < waiting -> queue[at] = queue[at + 1]; at++
        :: else -> break
        od;
        queue[at] = 0;
        at = 0;
        waiting--;
        line_done(task)
    :: else -> does[task] = ASLEEP
    fi
}

/* The free list; then reclaim, which has nothing to reclaim. */
inline try_freelist(task) {
    if
    :: free > MARK -> free--; line_done(task)
    :: else -> clean[task] = true; does[task] = OOM
    fi
}

/* A round that changed nothing is over. */
inline end_round(task, where) {
    if
    :: clean[task] -> clean[task] = false; does[task] = where
    :: else -> does[task] = TRY
    fi
}

/* Without oom_lock it naps; with it there is a last attempt, then the scan, which ends at a
 * victim that is on its way out. */
inline may_oom(task) {
    if
    :: oom_lock -> end_round(task, PARKED_OOM)
    :: !oom_lock && free > MARK -> free--; line_done(task)
    :: !oom_lock && free <= MARK && killed && does[VICTIM] != EXITED ->
        end_round(task, PARKED_TRY)
    :: !oom_lock && free <= MARK && !killed ->
        killed = true;
        if
        :: does[VICTIM] == IDLE -> does[VICTIM] = EXIT_LOCK
        :: else
        fi;
        disturb();
        oom_lock = true;
        does[task] = NAPS
    fi
}

inline nap_over(task) {
    oom_lock = false;
    do
    :: at < TASKS ->
        if
        :: does[at] == PARKED_OOM -> does[at] = TRY
        :: else
        fi;
        at++
    :: else -> break
    od;
    at = 0;
    does[task] = TRY
}

inline free_page(task) {
    free++;
    disturb();
    line_done(task)
}

inline exit_mm() {
    disturb();
    does[VICTIM] = EXIT_DROP
}

active [TASKS] proctype Task() {
end:
    do
    :: d_step { does[_pid] == READY ->
        if
        :: _pid == VICTIM && line[_pid] == 0 && killed -> exit_mm()
        :: _pid == VICTIM && line[_pid] == 0 && !killed -> mutex_lock(_pid)
        :: _pid == VICTIM && line[_pid] == 1 -> mutex_unlock(_pid)
        :: is_worker(_pid) && line[_pid] % 3 == 0 -> mutex_lock(_pid)
        :: is_worker(_pid) && line[_pid] % 3 == 1 -> try_freelist(_pid)
        :: is_worker(_pid) && line[_pid] % 3 == 2 -> mutex_unlock(_pid)
        :: _pid > N && line[_pid] < 2 -> try_freelist(_pid)
        :: _pid > N && line[_pid] == 2 -> free_page(_pid)
        fi }
    :: d_step { does[_pid] == AWAKE -> look_again(_pid) }
    :: d_step { does[_pid] == TRY -> try_freelist(_pid) }
    :: d_step { does[_pid] == OOM -> may_oom(_pid) }
    :: d_step { does[_pid] == NAPS -> does[_pid] = NAPPED }
    :: d_step { does[_pid] == NAPPED -> nap_over(_pid) }
    :: d_step { does[_pid] == EXIT_LOCK -> exit_mm() }
    :: d_step { does[_pid] == EXIT_DROP -> disturb(); does[_pid] = EXIT_START }
    :: d_step { does[_pid] == EXIT_START -> does[_pid] = EXIT_UNMAP }
    :: d_step { does[_pid] == EXIT_UNMAP -> free = free + RSS; disturb(); does[_pid] = EXIT_FREE }
    :: d_step { does[_pid] == EXIT_FREE -> disturb(); does[_pid] = EXITED }
    od
}
