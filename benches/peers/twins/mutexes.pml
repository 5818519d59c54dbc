/* Two mutexes that half of the tasks take in one order and half in the other: the machine of
 * mutexes.toml, by the rules of kernel/locking/mutex.c. One d_step here is one transition
 * there, and what is global here is exactly what changes there, so states and transitions
 * are the same in number.
 *
 * N tasks of each kind (-DN=3). */

#ifndef N
#define N 3
#endif
#define TASKS (2 * N)
#define LINES 4

/* How a task runs. */
#define READY 0
#define ASLEEP 1 /* in a queue */
#define AWAKE 2  /* in a queue, and will look at the mutex again */
#define IDLE 3   /* at the end of its program */

/* Lines 0 and 1 lock, 2 and 3 unlock; the first N tasks begin with mutex 0. */
#define mutex_of(task) ((line[task] == 1 || line[task] == 2) ^ (task >= N))
#define place(mutex, at) (mutex) * TASKS + (at)

byte does[TASKS];
byte line[TASKS];
byte queue[2 * TASKS]; /* the task at each place of each queue, plus one */
byte waiting[2];       /* how many stand in them */
bool taken[2];
byte m;                /* both only inside a step; 0 between steps */
byte at;

inline line_done(task) {
    line[task]++;
    does[task] = (line[task] == LINES -> IDLE : READY)
}

inline lock(task) {
    m = mutex_of(task);
    if
    :: !taken[m] -> taken[m] = true; line_done(task)
    :: else ->
        does[task] = ASLEEP;
        queue[place(m, waiting[m])] = task + 1;
        waiting[m]++
    fi;
    m = 0
}

/* The first waiter will try again. */
inline unlock(task) {
    m = mutex_of(task);
    taken[m] = false;
    line_done(task);
    if
    :: waiting[m] > 0 -> does[queue[place(m, 0)] - 1] = AWAKE
    :: else
    fi;
    m = 0
}

inline look_again(task) {
    m = mutex_of(task);
    if
    :: !taken[m] ->
        taken[m] = true;
        do
        :: queue[place(m, at)] == task + 1 -> break
        :: else -> at++
        od;
        do
        :: at + 1 < waiting[m] -> queue[place(m, at)] = queue[place(m, at + 1)]; at++
        :: else -> break
        od;
        queue[place(m, at)] = 0;
        at = 0;
        waiting[m]--;
        line_done(task)
    :: else -> does[task] = ASLEEP
    fi;
    m = 0
}

active [TASKS] proctype Task() {
end:
    do
    :: d_step { does[_pid] == READY ->
        if
        :: line[_pid] < 2 -> lock(_pid)
        :: else -> unlock(_pid)
        fi }
    :: d_step { does[_pid] == AWAKE -> look_again(_pid) }
    od
}
