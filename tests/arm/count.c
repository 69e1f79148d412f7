/* A plugin for QEMU that counts the instructions between the entry of `measured` and its return.
 *
 * The declarations are those of qemu-plugin.h, which packages of QEMU 7.2 lack; they are the same in
 * all versions of the interface. A block of code ends where it calls something, so `measured` is two
 * blocks or more: the first to run turns the count on, the next one off.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t at);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*made)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, void (*run)(unsigned, void *), int flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*end)(qemu_plugin_id_t, void *), void *data);

int qemu_plugin_version = PLUGIN_VERSION;

static int counting;
static uint64_t counted;

static void run(unsigned cpu, void *instructions)
{
    counted += counting ? (uintptr_t)instructions : 0;
}

static void turn(unsigned cpu, void *none)
{
    counting = !counting;
}

static void made(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    const char *name = qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(block, 0));
    int measured = name && strstr(name, "8measured") != NULL;
    void *instructions = (void *)(uintptr_t)qemu_plugin_tb_n_insns(block);
    qemu_plugin_register_vcpu_tb_exec_cb(block, measured ? turn : run, 0, instructions);
}

static void end(qemu_plugin_id_t id, void *none)
{
    fprintf(stderr, "counted %" PRIu64 "\n", counted);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int count, char **words)
{
    qemu_plugin_register_vcpu_tb_trans_cb(id, made);
    qemu_plugin_register_atexit_cb(id, end, NULL);
    return 0;
}
