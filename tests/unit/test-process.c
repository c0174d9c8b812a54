/*
 * What QEMU's command line tells
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "processes.h"

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

/* @n times @option, with a value that @format gives a number */
G_GNUC_PRINTF(4, 0)
static void add_options(GPtrArray *argv, unsigned n, const char *option,
                        const char *format)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    for (unsigned i = 0; i < n; i++) {
        g_ptr_array_add(argv, g_strdup(option));
        g_ptr_array_add(argv, g_strdup_printf(format, i));
    }
#pragma GCC diagnostic pop
}

static GPtrArray *new_argv(const char *program)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(argv, g_strdup(program));
    return argv;
}

/* Takes @argv */
static AiotopProcess *parse(GPtrArray *argv)
{
    AiotopProcess *process;

    g_ptr_array_add(argv, NULL);
    process = aiotop_process_parse(7, (const char *const *)argv->pdata, "/cwd");
    g_ptr_array_unref(argv);
    return process;
}

/* Anybody can write a command line as long as the kernel lets him */
static void test_more_than_is_kept(void)
{
    GPtrArray *argv = new_argv("qemu-system-arm");
    g_autoptr(AiotopProcess) process = NULL;

    add_options(argv, 100, "-qmp", "unix:/m%u");
    add_options(argv, 100, "-object",
                "event-loop-profiler,id=p,socket.type=unix,socket.path=/p%u");
    add_options(argv, 100, "-device", "vfio-pci,id=d%u");
    process = parse(argv);
    g_assert_cmpuint(process->monitors->len, ==, AIOTOP_PROCESS_MOST);
    g_assert_cmpstr(process->monitors->pdata[0], ==, "unix:/m0");
    g_assert_cmpuint(process->profilers->len, ==, AIOTOP_PROCESS_MOST);
    g_assert_cmpuint(process->offloaded->len, ==, AIOTOP_PROCESS_MOST);
    g_assert_cmpuint(process->n_offloaded, ==, 100);
}

static void test_longer_than_is_kept(void)
{
    g_autofree char *x = g_strnfill(100000, 'x');
    g_autofree char *program = g_strconcat("/bin/qemu-system-", x, NULL);
    g_autofree char *monitor = g_strconcat("unix:/", x, NULL);
    g_autofree char *device = g_strconcat("vfio-pci", x, ",id=", x, NULL);
    g_autofree char *secret =
        g_strconcat("secret,id=masterKey0,file=/", x, "/", x, NULL);
    g_autoptr(AiotopProcess) process =
        PROCESS(program, "-name", x, "-qmp", monitor, "-device", device,
                "-object", secret);

    g_assert_cmpuint(strlen(process->program), <, 100);
    g_assert_cmpuint(strlen(process->vm_name), <=, 256);
    g_assert_cmpuint(process->monitors->len, ==, 0);
    g_assert_null(process->libvirt_dir);
    g_assert_cmpuint(process->offloaded->len, ==, 1);
    g_assert_cmpuint(strlen(process->offloaded->pdata[0]), <, 300);
}

static void test_more_arguments_than_are_looked_at(void)
{
    GPtrArray *argv = new_argv("qemu-system-arm");
    g_autoptr(AiotopProcess) process = NULL;

    add_options(argv, 5000, "-device", "virtio-blk-pci,id=d%u");
    add_options(argv, 1, "-qmp", "unix:/m%u");
    process = parse(argv);
    g_assert_cmpuint(process->monitors->len, ==, 0);
}

/* As libvirt starts one that has hundreds of disks */
static void test_a_large_one(void)
{
    GPtrArray *argv = new_argv("qemu-system-arm");
    g_autoptr(AiotopProcess) process = NULL;

    add_options(argv, 200, "-chardev", "socket,id=c%u,path=/c,server=on");
    add_options(argv, 500, "-blockdev",
                "{\"driver\":\"file\",\"node-name\":\"libvirt-%u-storage\"}");
    add_options(argv, 500, "-device", "virtio-blk-pci,id=d%u");
    add_options(argv, 1, "-chardev", "socket,id=m%u,path=/m,server=on");
    add_options(argv, 1, "-mon", "chardev=m%u,mode=control");
    add_options(argv, 1, "-object",
                "event-loop-profiler,id=p,socket.type=unix,socket.path=/p%u");
    add_options(argv, 1, "-device", "vfio-pci,id=v%u");
    process = parse(argv);
    check_address(process->monitors, "unix:/m");
    check_address(process->profilers, "unix:/p0");
    g_assert_cmpuint(process->n_offloaded, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/process/object", test_object);
    g_test_add_func("/process/object-of-a-tool", test_object_of_a_tool);
    g_test_add_func("/process/other-objects", test_other_objects);
    g_test_add_func("/process/object-without-socket",
                    test_object_without_socket);
    g_test_add_func("/process/monitors", test_monitors);
    g_test_add_func("/process/vm-name", test_vm_name);
    g_test_add_func("/process/devices-past-qemu", test_devices_past_qemu);
    g_test_add_func("/process/no-qemu", test_no_qemu);
    g_test_add_func("/process/more-than-is-kept", test_more_than_is_kept);
    g_test_add_func("/process/longer-than-is-kept", test_longer_than_is_kept);
    g_test_add_func("/process/more-arguments-than-are-looked-at",
                    test_more_arguments_than_are_looked_at);
    g_test_add_func("/process/a-large-one", test_a_large_one);
    g_test_add_func("/process/option-at-the-end-lacks-its-value",
                    test_option_at_the_end_lacks_its_value);
    return g_test_run();
}
