/*
 * Which QEMUs run here: command lines, a made-up /proc, targets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <qemu-aiotop/wire/commands.h>
#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/host/qemu-command-line.h>
#include <qemu-aiotop/host/discover.h>

#define PROCESS(...)                                                           \
    aiotop_process_parse(7, (const char *const[]){ __VA_ARGS__, NULL }, "/cwd")

static void check_address(GPtrArray *addresses, const char *expected)
{
    g_assert_cmpuint(addresses->len, ==, 1);
    g_assert_cmpstr(addresses->pdata[0], ==, expected);
}

static void test_object(void)
{
    static const struct {
        const char *value;
        const char *address;
    } cases[] = {
        { "event-loop-profiler,id=p,socket.type=unix,socket.path=/run/a",
          "unix:/run/a" },
        { "qom-type=event-loop-profiler,id=p,socket.type=unix,"
          "socket.path=rel,,ative",
          "unix:/cwd/rel,ative" },
        { "{\"qom-type\":\"event-loop-profiler\",\"id\":\"p\",\"socket\":"
          "{\"type\":\"unix\",\"path\":\"/run/\\u0062\"}}",
          "unix:/run/b" },
        { "event-loop-profiler,id=p,socket.type=unix,socket.path=x,"
          "socket.abstract=on",
          "unix:@x" },
        { "{\"qom-type\":\"event-loop-profiler\",\"id\":\"p\",\"socket\":"
          "{\"type\":\"unix\",\"path\":\"x\",\"abstract\":true}}",
          "unix:@x" },
        { "{\"qom-type\":\"event-loop-profiler\",\"id\":\"p\",\"socket\":"
          "{\"type\":\"unix\",\"path\":\"/x\",\"abstract\":false}}",
          "unix:/x" },
        { "event-loop-profiler,id=p,socket.type=inet,socket.host=0.0.0.0,"
          "socket.port=44",
          "tcp:localhost:44" },
        { "event-loop-profiler,id=p,socket.type=inet,socket.host=::1,"
          "socket.port=44",
          "tcp:[::1]:44" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(AiotopProcess) process =
            PROCESS("/usr/bin/qemu-system-x86_64", "-object", cases[i].value);

        g_assert_true(process->has_object);
        check_address(process->profilers, cases[i].address);
        g_assert_true(aiotop_process_profiled(process));
        g_assert_cmpint(aiotop_process_unprofiled(process), ==,
                        AIOTOP_UNPROFILED_NO_REASON);
    }
}

static void test_object_of_a_tool(void)
{
    g_autoptr(AiotopProcess) process =
        PROCESS("qemu-nbd",
                "--object=event-loop-profiler,id=p,"
                "socket.type=unix,socket.path=/s",
                "--fork", "x.img");

    check_address(process->profilers, "unix:/s");
}

static void test_other_objects(void)
{
    g_autoptr(AiotopProcess) process =
        PROCESS("qemu-system-arm", "-object", "iothread,id=event-loop");

    g_assert_false(process->has_object);
    g_assert_cmpuint(process->profilers->len, ==, 0);
}

static void test_object_without_socket(void)
{
    g_autoptr(AiotopProcess) process =
        PROCESS("qemu-system-arm", "-object", "event-loop-profiler,id=p");

    g_assert_true(process->has_object);
    g_assert_false(aiotop_process_profiled(process));
    g_assert_cmpint(aiotop_process_unprofiled(process), ==,
                    AIOTOP_UNPROFILED_NO_SOCKET);
}

static void test_monitors(void)
{
    g_autoptr(AiotopProcess) qmp =
        PROCESS("qemu-system-arm", "-qmp", "unix:/m,server=on,wait=off");
    g_autoptr(AiotopProcess) tcp =
        PROCESS("qemu-system-arm", "-qmp", "tcp::4444,server");
    g_autoptr(AiotopProcess) mon =
        PROCESS("qemu-system-arm", "-mon", "chardev=c,mode=control", "-chardev",
                "socket,id=c,path=m,server=on");
    g_autoptr(AiotopProcess) readline =
        PROCESS("qemu-system-arm", "-mon", "chardev=c", "-monitor", "stdio",
                "-chardev", "socket,id=c,path=/m,server=on");
    g_autoptr(AiotopProcess) daemon =
        PROCESS("qemu-storage-daemon", "--chardev",
                "socket,id=c,host=h,port=5,server=on", "--monitor", "c");
    g_autoptr(AiotopProcess) passed =
        PROCESS("qemu-system-arm", "-mon", "chardev=c,mode=control", "-chardev",
                "socket,id=c,fd=5,server=on");

    check_address(qmp->monitors, "unix:/m");
    check_address(tcp->monitors, "tcp:localhost:4444");
    check_address(mon->monitors, "unix:/cwd/m");
    g_assert_cmpuint(readline->monitors->len, ==, 0);
    check_address(daemon->monitors, "tcp:h:5");
    g_assert_cmpuint(passed->monitors->len, ==, 0);
}

static void test_vm_name(void)
{
    g_autoptr(AiotopProcess) plain =
        PROCESS("qemu-system-arm", "-name", "vm 1");
    g_autoptr(AiotopProcess) guest =
        PROCESS("qemu-kvm", "-name", "guest=a,,b,debug-threads=on");

    g_assert_cmpstr(plain->vm_name, ==, "vm 1");
    g_assert_cmpstr(guest->vm_name, ==, "a,b");
}

static void test_devices_past_qemu(void)
{
    g_autoptr(AiotopProcess) process = PROCESS(
        "qemu-system-arm", "-device", "vhost-user-blk-pci,chardev=c,id=vd0",
        "-device", "{\"driver\":\"vhost-user-fs-pci\",\"chardev\":\"d\"}",
        "-device", "virtio-blk-pci,drive=n,id=vd1", "-device",
        "driver=vhost-user-gpu,id=gpu", "-device", "vfio-pci,host=1:0.0");

    g_assert_cmpuint(process->offloaded->len, ==, 3);
    g_assert_cmpstr(process->offloaded->pdata[0], ==,
                    "vd0 (vhost-user-blk-pci)");
    g_assert_cmpstr(process->offloaded->pdata[1], ==, "vhost-user-fs-pci");
    g_assert_cmpstr(process->offloaded->pdata[2], ==, "vfio-pci");
}

static void test_no_qemu(void)
{
    g_assert_null(PROCESS("/bin/sh", "-c", "qemu-system-arm"));
    g_assert_null(PROCESS("vim", "qemu-nbd"));
    g_assert_null(PROCESS("qemu-aiotop"));
}

static void test_option_at_the_end_lacks_its_value(void)
{
    g_autoptr(AiotopProcess) process = PROCESS("qemu-system-arm", "-object");

    g_assert_false(process->has_object);
}

static void add_file(const char *root, const char *name, const char *text,
                     gssize len)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, len, NULL));
}

static void add_link(const char *root, const char *name, const char *target)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    g_assert_cmpint(symlink(target, path), ==, 0);
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK)
                              ? NULL
                              : g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_remove(path);
}

#define ARGV(text) text, sizeof(text)

/* What /proc/PID/fd says of it */
static char *inode_link(int fd)
{
    struct stat st;

    g_assert_cmpint(fstat(fd, &st), ==, 0);
    return g_strdup_printf("socket:[%lu]", (unsigned long)st.st_ino);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==,
                    0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    return fd;
}

static void test_walk_through_proc(void)
{
    g_autofree char *root = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *socket_path =
        g_build_filename(root, AIOTOP_SOCKET_PREFIX "3.sock", NULL);
    int fd = listen_at(socket_path);
    g_autofree char *inode = inode_link(fd);
    g_autofree char *path = NULL;
    g_autofree char *expected = NULL;
    g_autoptr(GPtrArray) processes = NULL;
    AiotopProcess *process;

    add_file(root, "self/status", "", 0);
    add_link(root, "self/ns/mnt", "mnt:[1]");
    add_file(root, "20/cmdline",
             ARGV("qemu-system-x86_64\0-name\0b\0"
                  "-object\0event-loop-profiler,id=p,"
                  "socket.type=unix,socket.path=s"));
    add_file(root, "20/comm", "vm b\n", -1);
    add_link(root, "20/exe", "/usr/bin/qemu-system-x86_64 (deleted)");
    add_link(root, "20/cwd", "/here");
    add_link(root, "20/ns/mnt", "mnt:[1]");
    /* In a container, and profiled at run time */
    add_file(root, "3/cmdline",
             ARGV("qemu-kvm\0-name\0a\0-qmp\0"
                  "unix:/m,server=on"));
    /* Of another user, whose executable is not told */
    add_file(root, "3/comm", "kvm\n", -1);
    add_link(root, "3/cwd", "/");
    add_link(root, "3/ns/mnt", "mnt:[2]");
    add_link(root, "3/fd/9", inode);
    add_file(root, "4/comm", "bash\n", -1);
    add_file(root, "4/cmdline", ARGV("/bin/bash"));
    /* A kernel thread */
    add_file(root, "5/comm", "kvm-nx-lpage-re\n", -1);
    add_file(root, "5/cmdline", "", 0);
    /* Whose name is all that looks like one: its command line decides */
    add_file(root, "6/comm", "qemu-ga\n", -1);
    add_file(root, "6/cmdline", ARGV("qemu-ga"));
    /* Run by a loader */
    add_file(root, "7/comm", "qemu-nbd\n", -1);
    add_link(root, "7/exe", "/lib/ld-linux.so");
    add_file(root, "7/cmdline", ARGV("qemu-nbd"));

    processes = aiotop_discover(root);
    g_assert_cmpuint(processes->len, ==, 3);
    process = processes->pdata[0];
    g_assert_cmpint(process->pid, ==, 3);
    g_assert_cmpstr(process->vm_name, ==, "a");
    g_assert_cmpuint(process->profilers->len, ==, 1);
    /* by way of the process's own root directory */
    path = g_build_filename(root, "3", "root", socket_path, NULL);
    expected = g_strconcat("unix:", path, NULL);
    g_assert_cmpstr(process->profilers->pdata[0], ==, expected);
    process = processes->pdata[1];
    g_assert_cmpint(process->pid, ==, 7);
    process = processes->pdata[2];
    g_assert_cmpint(process->pid, ==, 20);
    check_address(process->profilers, "unix:/here/s");
    close(fd);
    remove_tree(root);
}

static void add_fifo(const char *root, const char *name)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
}

/* Lets who reads it go on */
static void release_fifo(const char *root, const char *name)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    int fd;

    /* Not before it has begun */
    while ((fd = open(path, O_WRONLY | O_NONBLOCK)) < 0) {
        g_assert_cmpint(errno, ==, ENXIO);
        g_usleep(1000);
    }
    close(fd);
}

/* As of one whose memory map is locked; and of one that is not even asked */
static void test_a_process_that_does_not_answer(void)
{
    g_autofree char *root = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *exe = g_build_filename(root, "20/exe", NULL);
    g_autoptr(AiotopProcess) alone = NULL;
    g_autoptr(AiotopProcess) loaded = NULL;
    g_autoptr(AiotopProcess) shell = NULL;

    add_file(root, "20/comm", "qemu-system-x86\n", -1);
    add_link(root, "20/exe", "/usr/bin/qemu-system-x86_64");
    add_fifo(root, "20/cmdline");
    add_file(root, "21/comm", "bash\n", -1);
    add_fifo(root, "21/cmdline");
    add_file(root, "22/comm", "qemu-nbd\n", -1);
    add_file(root, "22/cmdline", ARGV("qemu-nbd"));
    /* The second time nobody waits, and no second one reads */
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GPtrArray) processes = aiotop_discover(root);
        AiotopProcess *process = processes->pdata[0];

        g_assert_cmpuint(processes->len, ==, 2);
        g_assert_cmpint(process->pid, ==, 20);
        g_assert_cmpstr(process->program, ==, "qemu-system-x86_64");
        g_assert_false(aiotop_process_profiled(process));
        g_assert_cmpint(aiotop_process_unprofiled(process), ==,
                        AIOTOP_UNPROFILED_SILENT);
        process = processes->pdata[1];
        g_assert_cmpstr(process->program, ==, "qemu-nbd");
        g_assert_false(process->unreadable);
    }
    alone = aiotop_discover_process(root, 20);
    g_assert_true(alone->unreadable);
    /* Under a name that its thread alone has */
    g_assert_cmpint(unlink(exe), ==, 0);
    add_link(root, "20/exe", "/lib64/ld-linux-x86-64.so.2");
    loaded = aiotop_discover_process(root, 20);
    g_assert_cmpstr(loaded->program, ==, "qemu-system-x86");
    shell = aiotop_discover_process(root, 21);
    g_assert_null(shell);
    release_fifo(root, "20/cmdline");
    release_fifo(root, "21/cmdline");
    remove_tree(root);
}

static void test_one_that_answers_again(void)
{
    g_autofree char *root = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *fifo = g_build_filename(root, "20/cmdline", NULL);
    bool answers = false;

    add_file(root, "20/comm", "qemu-nbd\n", -1);
    add_fifo(root, "20/cmdline");
    g_ptr_array_unref(aiotop_discover(root));
    release_fifo(root, "20/cmdline");
    g_assert_cmpint(unlink(fifo), ==, 0);
    add_file(root, "20/cmdline", ARGV("qemu-nbd"));
    while (!answers) {
        g_autoptr(GPtrArray) processes = aiotop_discover(root);
        const AiotopProcess *process =
            processes->len ? processes->pdata[0] : NULL;

        answers = process && !process->unreadable;
    }
    remove_tree(root);
}

/* The type's name in the executable, also across two of the pieces read */
static void test_built_with_the_profiler(void)
{
    static const gsize places[] = { 0, 255 * 1024 + 1020, 300000 };
    g_autofree char *root = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    gsize size = 400000;

    for (unsigned i = 0; i <= G_N_ELEMENTS(places); i++) {
        g_autofree char *dir = g_strdup_printf("%u", i + 1);
        g_autofree char *exe = g_strconcat(dir, "/exe", NULL);
        g_autofree char *cmdline = g_strconcat(dir, "/cmdline", NULL);
        g_autofree char *bytes = g_malloc0(size);
        g_autoptr(AiotopProcess) process = NULL;
        bool there = i < G_N_ELEMENTS(places);

        if (there) {
            strcpy(bytes + places[i], "event-loop-profiler");
        }
        add_file(root, exe, bytes, size);
        add_file(root, cmdline, ARGV("qemu-nbd\0-qmp\0unix:/m"));
        process = aiotop_discover_process(root, i + 1);
        g_assert_cmpint(process->patches, ==,
                        there ? AIOTOP_PATCHES_THERE : AIOTOP_PATCHES_NONE);
        g_assert_cmpint(aiotop_process_unprofiled(process), ==,
                        there ? AIOTOP_UNPROFILED_ADD
                              : AIOTOP_UNPROFILED_NOT_BUILT);
    }
    remove_tree(root);
}

static void test_not_known_how_it_was_built(void)
{
    g_autofree char *root = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autoptr(AiotopProcess) process = NULL;

    add_file(root, "5/cmdline", ARGV("qemu-kvm\0-qmp\0unix:/m"));
    process = aiotop_discover_process(root, 5);
    g_assert_cmpint(process->patches, ==, AIOTOP_PATCHES_UNKNOWN);
    g_assert_cmpint(aiotop_process_unprofiled(process), ==,
                    AIOTOP_UNPROFILED_PERHAPS_ADD);
    remove_tree(root);
}

static void test_target_is_an_address(void)
{
    static const char *const cases[][2] = {
        { "/run/a.sock", "unix:/run/a.sock" },
        { "./a", "unix:./a" },
        { "unix:a", "unix:a" },
        { "host:44", "tcp:host:44" },
        { "[::1]:44", "tcp:[::1]:44" },
        { ":44", "tcp:localhost:44" },
        { "4711", NULL },
        { "vm1", NULL },
        { "vm:x", NULL },
        { "vm:99999", NULL },
        { "name:web:80", NULL },
        { "name:/a/b", NULL },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *address = aiotop_target_address(cases[i][0]);

        g_assert_cmpstr(address, ==, cases[i][1]);
    }
}

static GPtrArray *some_processes(void)
{
    GPtrArray *processes =
        g_ptr_array_new_with_free_func((GDestroyNotify)aiotop_process_free);

    g_ptr_array_add(processes, PROCESS("qemu-kvm", "-name", "a", "-object",
                                       "event-loop-profiler,id=p,"
                                       "socket.type=unix,socket.path=/p"));
    g_ptr_array_add(processes, PROCESS("qemu-kvm", "-name", "b", "-qmp",
                                       "unix:/m,server=on"));
    g_ptr_array_add(processes, PROCESS("qemu-kvm", "-name", "c"));
    ((AiotopProcess *)processes->pdata[1])->pid = 8;
    ((AiotopProcess *)processes->pdata[2])->pid = 9;
    return processes;
}

static void check_target(GPtrArray *processes, const char *text, bool monitor,
                         const char *expected)
{
    g_autoptr(GError) error = NULL;
    AiotopTarget target;

    g_assert_true(
        aiotop_target_resolve(text, monitor, processes, &target, &error));
    g_assert_cmpstr(target.address, ==, expected);
    aiotop_target_clear(&target);
}

static void check_no_target(GPtrArray *processes, const char *text,
                            bool monitor, AiotopDiscoverError code)
{
    g_autoptr(GError) error = NULL;
    AiotopTarget target;

    g_assert_false(
        aiotop_target_resolve(text, monitor, processes, &target, &error));
    g_assert_error(error, AIOTOP_DISCOVER_ERROR, (int)code);
    g_assert_null(strchr(error->message, '\n'));
    aiotop_target_clear(&target);
}

/*
 * As libvirt starts one, with its files in @dir: its monitor has a path where
 * libvirt is old.  Its user is ours.
 */
static AiotopProcess *domain_of_libvirt(const char *dir)
{
    g_autofree char *key =
        g_strdup_printf("{\"qom-type\":\"secret\",\"id\":\"masterKey0\","
                        "\"file\":\"%s/master-key.aes\"}",
                        dir);
    AiotopProcess *process =
        PROCESS("qemu-kvm", "-name", "guest=d,debug-threads=on", "-object", key,
                "-chardev", "socket,id=charmonitor,path=/m,server=on", "-mon",
                "chardev=charmonitor,id=monitor,mode=control");

    process->pid = getpid();
    return process;
}

static void test_libvirt(void)
{
    g_autofree char *dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *path =
        g_strdup_printf("%s/qemu-aiotop-%d.sock", dir, getpid());
    g_autoptr(GPtrArray) processes = some_processes();
    AiotopProcess *process = domain_of_libvirt(dir);
    g_autoptr(GError) error = NULL;
    AiotopTarget target;

    g_assert_cmpuint(process->monitors->len, ==, 0);
    g_assert_cmpint(aiotop_process_unprofiled(process), ==,
                    AIOTOP_UNPROFILED_LIBVIRT);
    g_ptr_array_add(processes, process);
    g_assert_false(
        aiotop_target_resolve("d", true, processes, &target, &error));
    g_assert_error(error, AIOTOP_DISCOVER_ERROR, AIOTOP_DISCOVER_ERROR_LIBVIRT);
    g_assert_cmpstr(target.libvirt_uri, ==, "qemu:///session");
    g_assert_cmpstr(target.domain, ==, "d");
    g_assert_cmpstr(target.profiler_path, ==, path);
    aiotop_target_clear(&target);

    /* There is nothing to add to these */
    process->patches = AIOTOP_PATCHES_NONE;
    check_no_target(processes, "d", true, AIOTOP_DISCOVER_ERROR_NOT_PROFILED);
    process->patches = AIOTOP_PATCHES_THERE;
    process->has_object = true;
    check_no_target(processes, "d", true, AIOTOP_DISCOVER_ERROR_NOT_PROFILED);
    process->has_object = false;

    /* One of our own beside it may be had */
    aiotop_process_add_address(process->monitors, g_strdup("unix:/m"));
    check_target(processes, "d", true, "unix:/m");
    g_rmdir(dir);
}

static void check_not_libvirts(const char *dir)
{
    g_autoptr(GPtrArray) processes = some_processes();

    g_ptr_array_add(processes, domain_of_libvirt(dir));
    check_no_target(processes, "d", true, AIOTOP_DISCOVER_ERROR_UNSAFE);
}

/* Any process may say that libvirt runs it, and where */
static void test_not_libvirt(void)
{
    g_autofree char *dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *up = g_strconcat(dir, "/../", strrchr(dir, '/') + 1, NULL);
    g_autofree char *none = g_strconcat(dir, "/none", NULL);

    check_not_libvirts(up);
    check_not_libvirts(none);
    check_not_libvirts(strchr(dir, '/') + 1);
    g_assert_cmpint(g_chmod(dir, 0777), ==, 0);
    check_not_libvirts(dir);
    g_rmdir(dir);
    if (geteuid() != 0) {
        check_not_libvirts("/usr");
    }
}

static void test_target(void)
{
    g_autoptr(GPtrArray) processes = some_processes();

    check_target(processes, "a", false, "unix:/p");
    check_target(processes, "7", false, "unix:/p");
    check_target(processes, NULL, false, "unix:/p");
    check_target(processes, "/x", false, "unix:/x");
    check_target(processes, "b", true, "unix:/m");
    check_target(processes, NULL, true, "unix:/m");
    check_target(processes, "b", false, "pid:8");
    check_target(processes, "8", false, "pid:8");
    check_no_target(processes, "c", true, AIOTOP_DISCOVER_ERROR_NOT_PROFILED);
    check_no_target(processes, "d", false, AIOTOP_DISCOVER_ERROR_NOT_FOUND);
    check_no_target(processes, "2147483647", false,
                    AIOTOP_DISCOVER_ERROR_NOT_FOUND);

    g_ptr_array_add(processes, PROCESS("qemu-kvm", "-name", "a", "-object",
                                       "event-loop-profiler,id=p,"
                                       "socket.type=unix,socket.path=/q"));
    check_no_target(processes, "a", false, AIOTOP_DISCOVER_ERROR_AMBIGUOUS);
    check_no_target(processes, NULL, false, AIOTOP_DISCOVER_ERROR_AMBIGUOUS);
    g_ptr_array_set_size(processes, 0);
    check_no_target(processes, NULL, false, AIOTOP_DISCOVER_ERROR_NOT_FOUND);
}

/* One whose name looks like something else */
static AiotopProcess *named(int64_t pid, const char *name)
{
    AiotopProcess *process =
        PROCESS("qemu-kvm", "-name", name, "-object",
                "event-loop-profiler,id=p,socket.type=unix,socket.path=/n");

    process->pid = pid;
    return process;
}

static void test_names_that_look_like_something_else(void)
{
    g_autoptr(GPtrArray) processes = some_processes();

    g_ptr_array_add(processes, named(20, "web:80"));
    g_ptr_array_add(processes, named(21, "8"));
    g_ptr_array_add(processes, named(22, "a/b"));
    g_ptr_array_add(processes, named(23, "name:a"));
    check_target(processes, "name:web:80", false, "unix:/n");
    check_target(processes, "name:8", false, "unix:/n");
    check_target(processes, "8", false, "pid:8");
    check_target(processes, "name:a/b", false, "unix:/n");
    check_target(processes, "name:name:a", false, "unix:/n");
    check_target(processes, "name:a", false, "unix:/p");
    check_no_target(processes, "name:7", false,
                    AIOTOP_DISCOVER_ERROR_NOT_FOUND);
    check_no_target(processes, "name:", false, AIOTOP_DISCOVER_ERROR_NOT_FOUND);
}

/* Where a profiler of this very process would listen */
static char *own_path(const char *dir, GError **error)
{
    g_autofree char *monitor = g_strconcat("unix:", dir, "/mon", NULL);

    return aiotop_profiler_path(monitor, getpid(), error);
}

static void check_own_path(const char *monitor_dir, const char *expected_dir)
{
    g_autofree char *expected =
        g_strdup_printf("%s/qemu-aiotop-%d.sock", expected_dir, getpid());
    g_autofree char *path = own_path(monitor_dir, NULL);

    g_assert_cmpstr(path, ==, expected);
}

static void test_profiler_in_the_runtime_directory(void)
{
    g_autofree char *dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *run = g_build_filename(dir, "run", NULL);
    g_autofree char *monitor = g_build_filename(dir, "monitor", NULL);
    g_autofree char *link = g_build_filename(dir, "link", NULL);
    static const mode_t too_open[] = { 0755, 0750, 0770, 01777 };

    g_assert_cmpint(g_mkdir(run, 0700), ==, 0);
    g_assert_cmpint(g_mkdir(monitor, 0700), ==, 0);
    g_assert_cmpint(symlink(run, link), ==, 0);
    g_setenv("XDG_RUNTIME_DIR", run, TRUE);
    check_own_path(monitor, run);
    for (unsigned i = 0; i < G_N_ELEMENTS(too_open); i++) {
        g_assert_cmpint(chmod(run, too_open[i]), ==, 0);
        check_own_path(monitor, monitor);
    }
    g_assert_cmpint(chmod(run, 0700), ==, 0);
    g_setenv("XDG_RUNTIME_DIR", link, TRUE);
    check_own_path(monitor, monitor);
    g_setenv("XDG_RUNTIME_DIR", "run", TRUE);
    check_own_path(monitor, monitor);
    /* Somebody could put another one in its place */
    g_setenv("XDG_RUNTIME_DIR", run, TRUE);
    g_assert_cmpint(chmod(dir, 0777), ==, 0);
    g_assert_null(own_path(monitor, NULL));
    g_assert_cmpint(chmod(dir, 0700), ==, 0);
    if (geteuid() == 0) {
        g_assert_cmpint(chown(run, 65534, 65534), ==, 0);
        check_own_path(monitor, monitor);
    }
    g_unsetenv("XDG_RUNTIME_DIR");
    check_own_path(monitor, monitor);
    remove_tree(dir);
}

static void test_profiler_beside_the_monitor(void)
{
    g_autofree char *dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autoptr(GError) error = NULL;

    g_unsetenv("XDG_RUNTIME_DIR");
    check_own_path(dir, dir);
    g_assert_cmpint(chmod(dir, 01777), ==, 0);
    check_own_path(dir, dir);
    g_assert_cmpint(chmod(dir, 0777), ==, 0);
    g_assert_null(own_path(dir, &error));
    g_assert_error(error, AIOTOP_DISCOVER_ERROR, AIOTOP_DISCOVER_ERROR_UNSAFE);
    g_assert_nonnull(strstr(error->message, dir));
    g_clear_error(&error);
    if (geteuid() == 0) {
        g_assert_cmpint(chmod(dir, 0700), ==, 0);
        g_assert_cmpint(chown(dir, 65534, 65534), ==, 0);
        g_assert_null(own_path(dir, &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
    }
    g_assert_null(aiotop_profiler_path("unix:@m", getpid(), &error));
    g_assert_no_error(error);
    g_assert_null(aiotop_profiler_path("tcp:h:1", getpid(), &error));
    g_assert_no_error(error);
    remove_tree(dir);
}

static void test_profiler_object(void)
{
    g_autofree char *object = aiotop_command_object_add("/a\"b", 50);
    g_autofree char *plain = aiotop_command_object_add(NULL, 0);

    g_assert_cmpstr(object, ==,
                    "{\"qom-type\":\"event-loop-profiler\","
                    "\"id\":\"qemu-aiotop\",\"socket\":{\"type\":\"unix\","
                    "\"path\":\"/a\\\"b\"},\"stall-threshold\":50}");
    g_assert_cmpstr(plain, ==,
                    "{\"qom-type\":\"event-loop-profiler\","
                    "\"id\":\"qemu-aiotop\"}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/discover/object", test_object);
    g_test_add_func("/discover/object-of-a-tool", test_object_of_a_tool);
    g_test_add_func("/discover/other-objects", test_other_objects);
    g_test_add_func("/discover/object-without-socket",
                    test_object_without_socket);
    g_test_add_func("/discover/monitors", test_monitors);
    g_test_add_func("/discover/vm-name", test_vm_name);
    g_test_add_func("/discover/devices-past-qemu", test_devices_past_qemu);
    g_test_add_func("/discover/no-qemu", test_no_qemu);
    g_test_add_func("/discover/option-at-the-end-lacks-its-value",
                    test_option_at_the_end_lacks_its_value);
    g_test_add_func("/discover/walk-through-proc", test_walk_through_proc);
    g_test_add_func("/discover/a-process-that-does-not-answer",
                    test_a_process_that_does_not_answer);
    g_test_add_func("/discover/one-that-answers-again",
                    test_one_that_answers_again);
    g_test_add_func("/discover/built-with-the-profiler",
                    test_built_with_the_profiler);
    g_test_add_func("/discover/not-known-how-it-was-built",
                    test_not_known_how_it_was_built);
    g_test_add_func("/discover/target-is-an-address",
                    test_target_is_an_address);
    g_test_add_func("/discover/target", test_target);
    g_test_add_func("/discover/libvirt", test_libvirt);
    g_test_add_func("/discover/not-libvirt", test_not_libvirt);
    g_test_add_func("/discover/names-that-look-like-something-else",
                    test_names_that_look_like_something_else);
    g_test_add_func("/discover/profiler-in-the-runtime-directory",
                    test_profiler_in_the_runtime_directory);
    g_test_add_func("/discover/profiler-beside-the-monitor",
                    test_profiler_beside_the_monitor);
    g_test_add_func("/discover/profiler-object", test_profiler_object);
    return g_test_run();
}
