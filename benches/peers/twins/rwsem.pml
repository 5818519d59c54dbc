/* Readers and writers on one rwsem: the machine of rwsem.toml, by the rules of
 * kernel/locking/rwsem-xadd.c. One d_step here is one transition there, and what is global
 * here is exactly what changes there, so states and transitions are the same in number.
 *
 * N tasks of each kind (-DN=3), each of which takes and gives back the lock twice. */

#ifndef N
#define N 3
#endif
#define TASKS (2 * N)
#define LINES 4

/* How a task runs. */
#define READY 0
#define ASLEEP 1 /* in the queue */
#define AWAKE 2  /* in the queue, and will look at the lock again */
#define IDLE 3   /* at the end of its program */

#define is_reader(task) (task < N)

byte does[TASKS];
byte line[TASKS];
byte queue[TASKS]; /* the task at each place of the queue, plus one */
byte waiting;      /* how many stand in it */
byte readers;      /* how many hold the lock for reading */
bit writer;        /* somebody holds it for writing */
byte at;           /* only inside a step; 0 between steps */

inline line_done(task) {
    line[task]++;
    does[task] = (line[task] == LINES -> IDLE : READY)
}

inline unlink(place) {
    at = place;
    do
    :: at + 1 < waiting -> queue[at] = queue[at + 1]; at++
    :: else -> break
    od;
    waiting--;
    queue[waiting] = 0;
    at = 0
}

inline enqueue(task) {
    does[task] = ASLEEP;
    queue[waiting] = task + 1;
    waiting++
}

/* __rwsem_do_wake: readers at the head are granted, a writer there is only woken. */
inline grant_leading_readers() {
    if
    :: !writer ->
        do
        :: waiting > 0 && is_reader(queue[0] - 1) ->
            readers++;
            line_done(queue[0] - 1);
            unlink(0)
        :: else -> break
        od
    :: else
    fi
}

inline wake_any() {
    if
    :: waiting > 0 && is_reader(queue[0] - 1) -> grant_leading_readers()
    :: waiting > 0 && !is_reader(queue[0] - 1) -> does[queue[0] - 1] = AWAKE
    :: else
    fi
}

inline down_read(task) {
    if
    :: !writer && waiting == 0 -> readers++; line_done(task)
    :: else ->
        enqueue(task);
        if
        :: !writer && readers == 0 -> wake_any()
        :: else
        fi
    fi
}

inline down_write(task) {
    if
    :: !writer && readers == 0 -> writer = 1; line_done(task)
    :: else ->
        enqueue(task);
        if
        :: is_reader(queue[0] - 1) -> grant_leading_readers()
        :: else
        fi
    fi
}

inline up_read(task) {
    readers--;
    line_done(task);
    if
    :: readers == 0 -> wake_any()
    :: else
    fi
}

inline up_write(task) {
    writer = 0;
    line_done(task);
    wake_any()
}

/* rwsem_down_write_failed: an awake writer takes a free lock from any place. */
inline look_again(task) {
    if
    :: !writer && readers == 0 ->
        at = 0;
        do
        :: queue[at] == task + 1 -> break
        :: else -> at++
        od;
        unlink(at);
        writer = 1;
        line_done(task)
    :: else -> does[task] = ASLEEP
    fi
}

active [TASKS] proctype Task() {
end:
    do
    :: d_step { does[_pid] == READY ->
        if
        :: is_reader(_pid) && line[_pid] % 2 == 0 -> down_read(_pid)
        :: is_reader(_pid) && line[_pid] % 2 == 1 -> up_read(_pid)
        :: !is_reader(_pid) && line[_pid] % 2 == 0 -> down_write(_pid)
        :: else -> up_write(_pid)
        fi }
    :: d_step { does[_pid] == AWAKE -> look_again(_pid) }
    od
}
