#include "main/isolate.h"

#include "util/err.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_SOUGHT 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_SOUGHT 1
#endif
#endif

/* None of them has a use in a server of ours; by name, for each kernel knows some of them. */
static const char *const FORBIDDEN[] = {
    /* clang-format off */
    /* other processes */
    "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "perf_event_open",
    /* the kernel's own workings */
    "bpf", "userfaultfd", "init_module", "finit_module", "delete_module", "create_module",
    "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "iopl", "ioperm", "modify_ldt",
    "lookup_dcookie", "syslog", "acct", "quotactl", "quotactl_fd", "nfsservctl", "uselib",
    /* file systems */
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "mknod", "mknodat", "open_by_handle_at",
    "fanotify_init",
    /* clocks, names, keys */
    "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex",
    "settimeofday", "stime", "sethostname", "setdomainname", "add_key", "request_key", "keyctl",
    /* identity */
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid",
    "setfsgid", "capset", "unshare", "setns", "vhangup",
/* clang-format on */
#ifndef LEAKS_ARE_SOUGHT /* by ptrace, at the end of the process */
    "ptrace",
#endif
};

static const char *const PROGRAMS[] = { "execve", "execveat" };

static bool forbid(scmp_filter_ctx filter, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int number = seccomp_syscall_resolve_name(names[i]);

        if (number >= 0 && seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, number, 0) != 0) {
            return false;
        }
    }
    return true;
}

static void free_filter(scmp_filter_ctx *filter)
{
    if (*filter != NULL) {
        seccomp_release(*filter);
    }
}

static bool filter_syscalls(bool runs_programs)
{
    PH_AUTO(free_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    return filter != NULL && forbid(filter, FORBIDDEN, sizeof FORBIDDEN / sizeof FORBIDDEN[0]) &&
           (runs_programs || forbid(filter, PROGRAMS, sizeof PROGRAMS / sizeof PROGRAMS[0])) &&
           seccomp_load(filter) == 0;
}

/* glibc has no functions for Landlock. */
static int create_ruleset(const struct landlock_ruleset_attr *attr, size_t size, unsigned flags)
{
    return (int)syscall(SYS_landlock_create_ruleset, attr, size, flags);
}

static void close_file(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

/* All that changes a file system or executes from it. Version 1 of Landlock has no truncation. */
static uint64_t guarded_rights(int version)
{
    uint64_t rights =
        LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
        LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
        LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
        LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

#ifdef LANDLOCK_ACCESS_FS_TRUNCATE
    rights |= version >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0;
#else
    (void)version;
#endif
    return rights;
}

static bool leave(int ruleset, const char *path, uint64_t rights)
{
    PH_AUTO(close_file) const int fd = open(path, O_PATH | O_CLOEXEC);
    struct landlock_path_beneath_attr rule = { .allowed_access = rights, .parent_fd = fd };

    return fd >= 0 &&
           syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

static bool guard_files(const char *data)
{
    const int version = create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    const uint64_t rights = guarded_rights(version);
    const struct landlock_ruleset_attr attr = { .handled_access_fs = rights };
    PH_AUTO(close_file)
    const int ruleset = version < 1 ? -1 : create_ruleset(&attr, sizeof attr, 0);

    return ruleset >= 0 && leave(ruleset, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE) &&
           (data == NULL || leave(ruleset, data, rights & ~LANDLOCK_ACCESS_FS_EXECUTE)) &&
           syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}

struct ph_isolated ph_isolate(const struct ph_isolation *wanted)
{
    struct ph_isolated done = { 0 };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return done;
    }
    done.files = !wanted->runs_programs && guard_files(wanted->data);
    done.syscalls = filter_syscalls(wanted->runs_programs);
    return done;
}
