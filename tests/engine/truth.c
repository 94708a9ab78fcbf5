/* An engine of known truth: the ABI of libchatllm.so, and nothing behind it but what its model file says.
 *
 * The model file is text: a line "ggml", then key=value lines (README.md lists the keys). Every cost is exact: memory
 * is touched page by page, and times are absolute deadlines from the call's start. Variants, chosen when compiling:
 *
 *   -DNO_DESTROY       a build before 2026, without chatllm_destroy
 *   -DRESTART_ONE_ARG  chatllm_restart takes the object alone
 *   -DOLD_ASR          a build before February 2026: chatllm_user_input answers -1 for a model whose purpose is ASR
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define KIB ((size_t)1024)
#define MIB ((size_t)1048576)
#define MAX_PARAMS 256
#define MAX_WORDS 4096
#define MAX_THREADS 256

#ifdef NO_DESTROY
#define FOR_DESTROY __attribute__((unused))
#else
#define FOR_DESTROY
#endif

enum { CHUNK = 0, META = 1, ERROR_LINE = 2, LOG_LINE = 11, MODEL_INFO = 13 };

typedef void (*print_function)(void *user, int type, const char *utf8);
typedef void (*end_function)(void *user);

struct word {
    double start_ms, end_ms;
    char *text;
};

/* What the model file says. A number that is not given is 0, a text NULL, unless defaults() says otherwise. */
struct model {
    double load_ms, load_peak_ms, header_ms, ttft_ms, chunk_ms, run_ms, restart_ms, unload_ms, spin_ms;
    double word_ms;
    long keep_mib, load_peak_mib, work_mib, retain_mib, map_mib;
    long leak_load_kib, leak_run_kib, leak_fd_per_load, leak_thread_per_load, kv_kib_per_token;
    long context_length, param_num, prompt_tokens;
    long tag, after_end_tail, split_utf8, chunk_bytes, broken_utf8, deaf, statistics;
    long text_after, fault_after, crash_signal, exit_status;
    long start_result, input_result, destroy_result;
    char *name, *purpose, *language, *text, *other_text, *memory_with, *leak_with, *map_file;
    char *fail_load, *fail_run, *bad_option, *crash_in, *hang_in, *exit_in;
    char *print_stdout, *log_line, *meta_line, *answer;
    struct word words[MAX_WORDS];
    int word_count;
};

/* A block of memory, and how it was got. */
struct block {
    void *start;
    size_t bytes;
    bool mapped;
};

struct chatllm_obj {
    char *params[MAX_PARAMS];
    int param_count;
    print_function print;
    end_function end;
    void *user;
    struct model model;
    bool loaded;
    atomic_bool busy, aborted;
    struct block kept, cache;
    void **retained;
    size_t retained_count;
    void *file;
    size_t file_bytes;
    int turns;
    long max_length;
    int threads;
    char *set_language, *set_format, *set_delimiter, *opening, *closing;
    double prompt_total_ms, eval_total_ms;
    size_t prompt_tokens, eval_tokens;
    struct chatllm_obj *next;
};

/* Global, as in the original: logs go to the first live object, and chunks to whoever was started last. */
static struct chatllm_obj *first_alive, *last_started;
static long loads, runs, restarts; /* counted per process */
FOR_DESTROY static long unloads;
static void *leaked;              /* a list through the blocks' first bytes, so that a leak checker sees them reached */

/* --- time -------------------------------------------------------------------------------------------------- */

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void sleep_until(double deadline_ms) {
    struct timespec until;
    if (deadline_ms <= 0)
        return;
    until.tv_sec = (time_t)(deadline_ms / 1e3);
    until.tv_nsec = (long)((deadline_ms - (double)until.tv_sec * 1e3) * 1e6);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

static void *spin(void *argument) {
    double budget_ms = *(double *)argument;
    struct timespec used;
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    while ((double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6 < budget_ms);
    return NULL;
}

/* Each of the object's threads burns spin_ms of its own CPU time. */
static void work_hard(struct chatllm_obj *chat) {
    pthread_t threads[MAX_THREADS];
    int started = 0;
    if (chat->model.spin_ms <= 0)
        return;
    for (; started < chat->threads && started < MAX_THREADS; started++)
        if (pthread_create(&threads[started], NULL, spin, &chat->model.spin_ms) != 0)
            break;
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

/* --- memory ------------------------------------------------------------------------------------------------ */

static void out_of_memory(void) {
    fprintf(stderr, "truth: out of memory\n");
    abort();
}

static void touch(void *start, size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t at = 0; at < bytes; at += page)
        ((volatile char *)start)[at] = 1;
}

/* mmap is exact by design: the kernel takes it back at once, while what malloc is given may stay with the allocator. */
static struct block take(size_t bytes, const char *with) {
    struct block block = {NULL, bytes, strcmp(with, "malloc") != 0};
    if (bytes == 0)
        return block;
    if (block.mapped)
        block.start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    else
        block.start = malloc(bytes);
    if (block.start == NULL || block.start == MAP_FAILED)
        out_of_memory();
    touch(block.start, bytes);
    return block;
}

static void give_back(struct block *block) {
    if (block->start == NULL)
        return;
    if (block->mapped)
        munmap(block->start, block->bytes);
    else
        free(block->start);
    block->start = NULL;
}

static void leak(long kib, const char *with) {
    struct block block = take((size_t)kib * KIB, with);
    if (block.start == NULL)
        return;
    *(void **)block.start = leaked;
    leaked = block.start;
}

/* Blocks of 1 to 4 KiB below one small block that is never freed: glibc cannot lower the heap's top past that one, so
 * it keeps all of them until malloc_trim. */
static void retain(struct chatllm_obj *chat) {
    static void *pin;
    size_t wanted = (size_t)chat->model.retain_mib * MIB, taken = 0;
    if (wanted == 0)
        return;
    chat->retained = calloc(wanted / KIB, sizeof(void *));
    if (chat->retained == NULL)
        out_of_memory();
    for (size_t i = 0; taken < wanted; i++) {
        size_t bytes = (1 + i % 4) * KIB;
        void *block = malloc(bytes);
        if (block == NULL)
            out_of_memory();
        memset(block, 1, bytes);
        chat->retained[chat->retained_count++] = block;
        taken += bytes;
    }
    /* the first that lies above the blocks: until then malloc hands out holes that the interpreter has left */
    for (int i = 0; pin == NULL && i < 1000000; i++) {
        void *small = malloc(64);
        if ((uintptr_t)small > (uintptr_t)chat->retained[chat->retained_count - 1])
            pin = small;
    }
}

FOR_DESTROY static void release_retained(struct chatllm_obj *chat) {
    for (size_t i = 0; i < chat->retained_count; i += 2)
        free(chat->retained[i]);
    for (size_t i = 1; i < chat->retained_count; i += 2)
        free(chat->retained[i]);
    free(chat->retained);
    chat->retained = NULL;
    chat->retained_count = 0;
}

static int open_file_to_map(struct chatllm_obj *chat, size_t bytes) {
    char path[4096];
    const char *folder = getenv("TMPDIR");
    int descriptor;
    if (chat->model.map_file != NULL)
        return open(chat->model.map_file, O_RDONLY);
    snprintf(path, sizeof path, "%s/truth-XXXXXX", folder != NULL ? folder : "/tmp");
    descriptor = mkstemp(path);
    if (descriptor < 0)
        return -1;
    unlink(path);
    if (ftruncate(descriptor, (off_t)bytes) != 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

/* A file mapped read-only, every page of it read: RssFile (RssShmem where the file lies on tmpfs). */
static bool map_file(struct chatllm_obj *chat) {
    size_t bytes = (size_t)chat->model.map_mib * MIB, page = (size_t)sysconf(_SC_PAGESIZE);
    struct stat status;
    int descriptor;
    volatile char sum = 0;
    if (bytes == 0)
        return true;
    descriptor = open_file_to_map(chat, bytes);
    if (descriptor < 0 || fstat(descriptor, &status) != 0 || (size_t)status.st_size < bytes)
        return false;
    chat->file = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (chat->file == MAP_FAILED)
        return false;
    chat->file_bytes = bytes;
    for (size_t at = 0; at < bytes; at += page)
        sum = (char)(sum + ((const volatile char *)chat->file)[at]);
    return true;
}

/* --- printing ---------------------------------------------------------------------------------------------- */

static void put(struct chatllm_obj *chat, int type, const char *text) { chat->print(chat->user, type, text); }

__attribute__((format(printf, 3, 4))) static void putf(struct chatllm_obj *chat, int type, const char *format, ...) {
    char line[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    put(chat, type, line);
}

static void put_log(const char *line) {
    if (first_alive != NULL && first_alive->print != NULL)
        put(first_alive, LOG_LINE, line);
}

/* A text that grows. */
struct text {
    char *start;
    size_t length, room;
};

static void append(struct text *text, const char *piece, size_t length) {
    if (text->length + length + 1 > text->room) {
        text->room = (text->length + length + 1) * 2;
        text->start = realloc(text->start, text->room);
        if (text->start == NULL)
            out_of_memory();
    }
    memcpy(text->start + text->length, piece, length);
    text->length += length;
    text->start[text->length] = '\0';
}

__attribute__((format(printf, 2, 3))) static void appendf(struct text *text, const char *format, ...) {
    char piece[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    append(text, piece, strlen(piece));
}

/* --- the model file ---------------------------------------------------------------------------------------- */

static void defaults(struct model *model) {
    memset(model, 0, sizeof *model);
    model->header_ms = -1;
    model->context_length = 4096;
    model->param_num = 600000000;
    model->prompt_tokens = -1;
    model->tag = 1;
    model->statistics = 1;
    model->word_ms = 400;
    model->crash_signal = SIGSEGV;
    model->exit_status = 1;
    model->name = strdup("Truth");
    model->purpose = strdup("asr");
    model->language = strdup("English");
    model->text = strdup("");
    model->memory_with = strdup("mmap");
    model->leak_with = strdup("malloc");
}

static long signal_number(const char *name) {
    static const struct {
        const char *name;
        int number;
    } known[] = {{"SEGV", SIGSEGV}, {"ABRT", SIGABRT}, {"KILL", SIGKILL}, {"BUS", SIGBUS},
                 {"FPE", SIGFPE},   {"ILL", SIGILL},   {"TERM", SIGTERM}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].number;
    return atol(name);
}

static bool set_number(struct model *model, const char *key, const char *value) {
    const struct {
        const char *key;
        double *to;
    } times[] = {{"load_ms", &model->load_ms},       {"load_peak_ms", &model->load_peak_ms},
                 {"header_ms", &model->header_ms},   {"ttft_ms", &model->ttft_ms},
                 {"chunk_ms", &model->chunk_ms},     {"run_ms", &model->run_ms},
                 {"restart_ms", &model->restart_ms}, {"unload_ms", &model->unload_ms},
                 {"spin_ms", &model->spin_ms},       {"word_ms", &model->word_ms}};
    const struct {
        const char *key;
        long *to;
    } numbers[] = {{"keep_mib", &model->keep_mib},
                   {"load_peak_mib", &model->load_peak_mib},
                   {"work_mib", &model->work_mib},
                   {"retain_mib", &model->retain_mib},
                   {"map_mib", &model->map_mib},
                   {"leak_load_kib", &model->leak_load_kib},
                   {"leak_run_kib", &model->leak_run_kib},
                   {"leak_fd_per_load", &model->leak_fd_per_load},
                   {"leak_thread_per_load", &model->leak_thread_per_load},
                   {"kv_kib_per_token", &model->kv_kib_per_token},
                   {"context_length", &model->context_length},
                   {"param_num", &model->param_num},
                   {"prompt_tokens", &model->prompt_tokens},
                   {"tag", &model->tag},
                   {"after_end_tail", &model->after_end_tail},
                   {"split_utf8", &model->split_utf8},
                   {"chunk_bytes", &model->chunk_bytes},
                   {"broken_utf8", &model->broken_utf8},
                   {"deaf", &model->deaf},
                   {"statistics", &model->statistics},
                   {"fault_after", &model->fault_after},
                   {"exit_status", &model->exit_status},
                   {"start_result", &model->start_result},
                   {"input_result", &model->input_result},
                   {"destroy_result", &model->destroy_result}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (strcmp(key, times[i].key) == 0) {
            *times[i].to = atof(value);
            return true;
        }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(key, numbers[i].key) == 0) {
            *numbers[i].to = atol(value);
            return true;
        }
    return false;
}

static bool set_text(struct model *model, const char *key, const char *value) {
    const struct {
        const char *key;
        char **to;
    } texts[] = {{"name", &model->name},
                 {"purpose", &model->purpose},
                 {"language", &model->language},
                 {"text", &model->text},
                 {"memory_with", &model->memory_with},
                 {"leak_with", &model->leak_with},
                 {"map_file", &model->map_file},
                 {"fail_load", &model->fail_load},
                 {"fail_run", &model->fail_run},
                 {"bad_option", &model->bad_option},
                 {"crash_in", &model->crash_in},
                 {"hang_in", &model->hang_in},
                 {"exit_in", &model->exit_in},
                 {"print_stdout", &model->print_stdout},
                 {"log_line", &model->log_line},
                 {"meta_line", &model->meta_line},
                 {"answer", &model->answer}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(key, texts[i].key) == 0) {
            free(*texts[i].to);
            *texts[i].to = strdup(value);
            return true;
        }
    return false;
}

static bool set_other(struct model *model, const char *key, const char *value) {
    int used = 0;
    if (strcmp(key, "word") == 0 && model->word_count < MAX_WORDS) {
        struct word *word = &model->words[model->word_count];
        if (sscanf(value, "%lf,%lf,%n", &word->start_ms, &word->end_ms, &used) < 2 || used == 0)
            return false;
        word->text = strdup(value + used);
        model->word_count++;
        return true;
    }
    if (strcmp(key, "text_after") == 0) {
        if (sscanf(value, "%ld:%n", &model->text_after, &used) < 1 || used == 0)
            return false;
        free(model->other_text);
        model->other_text = strdup(value + used);
        return true;
    }
    if (strcmp(key, "crash_signal") == 0) {
        model->crash_signal = signal_number(value);
        return true;
    }
    return false;
}

/* Returns NULL, or what is wrong with the file. */
static const char *read_model(struct model *model, const char *path) {
    static char problem[512];
    char line[65536];
    FILE *file = fopen(path, "r");
    defaults(model);
    if (file == NULL) {
        snprintf(problem, sizeof problem, "cannot open file %.400s: %s", path, strerror(errno));
        return problem;
    }
    if (fgets(line, sizeof line, file) == NULL || strcmp(line, "ggml\n") != 0) {
        fclose(file);
        return "model file is broken (bad magic)";
    }
    while (fgets(line, sizeof line, file) != NULL) {
        char *value = strchr(line, '=');
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (value != NULL)
            *value++ = '\0';
        if (value == NULL ||
            !(set_number(model, line, value) || set_text(model, line, value) || set_other(model, line, value))) {
            fclose(file);
            snprintf(problem, sizeof problem, "model file: unknown key or bad value: %.400s", line);
            return problem;
        }
    }
    fclose(file);
    return NULL;
}

FOR_DESTROY static void forget_model(struct model *model) {
    char *texts[] = {model->name,      model->purpose,    model->language, model->text,         model->other_text,
                     model->memory_with, model->leak_with, model->map_file, model->fail_load,    model->fail_run,
                     model->bad_option, model->crash_in,  model->hang_in,  model->exit_in,      model->print_stdout,
                     model->log_line,  model->meta_line,  model->answer};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (int i = 0; i < model->word_count; i++)
        free(model->words[i].text);
    memset(model, 0, sizeof *model);
}

/* --- faults ------------------------------------------------------------------------------------------------ */

static bool is(const char *text, const char *other) { return text != NULL && strcmp(text, other) == 0; }

/* Crashes, hangs or leaves in the phase that the model names, once that phase was passed fault_after times. */
static void maybe_fail(const struct model *model, const char *phase, long times_before) {
    if (times_before < model->fault_after)
        return;
    if (is(model->crash_in, phase)) {
        signal((int)model->crash_signal, SIG_DFL);
        raise((int)model->crash_signal);
    }
    while (is(model->hang_in, phase))
        pause();
    if (is(model->exit_in, phase))
        _exit((int)model->exit_status);
}

static void maybe_print(const struct model *model) {
    if (model->print_stdout == NULL)
        return;
    printf("%s\n", model->print_stdout);
    fflush(stdout);
}

/* --- options ----------------------------------------------------------------------------------------------- */

/* Returns how many values an option takes, or -1 for one that is unknown. */
static int values_of(const char *option) {
    static const char *one[] = {"-m",        "--model",       "-n",           "--threads",     "-l",       "--max_length",
                                "-c",        "--max_context_length",          "-t",            "--temp",   "--seed",
                                "--batch_size", "--cache_dtype", "-ngl",      "--n_gpu_layers", "--format", "--log_level",
                                "--ggml_dir", "--sampling"};
    static const char *two[] = {"--set", "--multimedia_file_tags"};
    for (size_t i = 0; i < sizeof one / sizeof *one; i++)
        if (strcmp(option, one[i]) == 0)
            return 1;
    for (size_t i = 0; i < sizeof two / sizeof *two; i++)
        if (strcmp(option, two[i]) == 0)
            return 2;
    return -1;
}

static const char *value_after(struct chatllm_obj *chat, const char *option) {
    for (int i = 0; i + 1 < chat->param_count; i++)
        if (strcmp(chat->params[i], option) == 0)
            return chat->params[i + 1];
    return NULL;
}

static void keep_setting(struct chatllm_obj *chat, int at) {
    if (strcmp(chat->params[at], "--multimedia_file_tags") == 0) {
        chat->opening = chat->params[at + 1];
        chat->closing = chat->params[at + 2];
    } else if (strcmp(chat->params[at], "--set") == 0) {
        if (strcmp(chat->params[at + 1], "language") == 0)
            chat->set_language = chat->params[at + 2];
        if (strcmp(chat->params[at + 1], "format") == 0)
            chat->set_format = chat->params[at + 2];
        if (strcmp(chat->params[at + 1], "delimiter") == 0)
            chat->set_delimiter = chat->params[at + 2];
    }
}

/* Returns 0, or the index of an unknown option, counted from 1 as the original does. */
static int read_options(struct chatllm_obj *chat, const char *bad_option) {
    for (int i = 0; i < chat->param_count; i++) {
        int values = values_of(chat->params[i]);
        if (values < 0 || i + values >= chat->param_count || is(bad_option, chat->params[i]))
            return i + 1;
        keep_setting(chat, i);
        i += values;
    }
    return 0;
}

/* --- load -------------------------------------------------------------------------------------------------- */

static void put_model_info(struct chatllm_obj *chat) {
    const struct model *model = &chat->model;
    putf(chat, MODEL_INFO,
         "{\"name\": \"%s\", \"purpose\": \"%s\", \"param_num\": %ld, \"active_param_num\": %ld, "
         "\"context_length\": %ld, \"training_context_length\": %ld, \"capabilities\": [\"ASR\"]}",
         model->name, is(model->purpose, "other") ? "Embedding" : "ASR", model->param_num, model->param_num,
         chat->max_length, model->context_length);
}

static void *sleep_for_ever(void *argument) {
    for (;;)
        pause();
    return argument;
}

static void leak_handles(const struct model *model) {
    pthread_t thread;
    for (long i = 0; i < model->leak_fd_per_load; i++)
        if (open("/dev/null", O_RDONLY) < 0)
            break;
    for (long i = 0; i < model->leak_thread_per_load; i++) {
        if (pthread_create(&thread, NULL, sleep_for_ever, NULL) != 0)
            break;
        pthread_setname_np(thread, "truth-leaked");
        pthread_detach(thread);
    }
}

static void take_model_memory(struct chatllm_obj *chat) {
    const struct model *model = &chat->model;
    chat->kept = take((size_t)model->keep_mib * MIB, model->memory_with);
    chat->cache = take((size_t)(model->kv_kib_per_token * chat->max_length) * KIB, model->memory_with);
    retain(chat);
    leak(model->leak_load_kib, model->leak_with);
    leak_handles(model);
    if (model->load_peak_mib > 0) {
        struct block peak = take((size_t)model->load_peak_mib * MIB, model->memory_with);
        sleep_until(now_ms() + model->load_peak_ms);
        give_back(&peak);
    }
}

static void read_lengths(struct chatllm_obj *chat) {
    const char *length = value_after(chat, "-l"), *threads = value_after(chat, "-n");
    chat->max_length = length != NULL ? atol(length) : -1;
    if (chat->max_length <= 0 || chat->max_length > chat->model.context_length)
        chat->max_length = chat->model.context_length;
    chat->threads = threads != NULL && atoi(threads) > 0 ? atoi(threads) : 1;
}

static int load(struct chatllm_obj *chat, double start_ms) {
    struct model *model = &chat->model;
    long times_before = loads++;
    maybe_print(model);
    if (model->log_line != NULL)
        put_log(model->log_line);
    maybe_fail(model, "load", times_before);
    if (model->fail_load != NULL) {
        put(chat, ERROR_LINE, model->fail_load);
        return EXIT_FAILURE;
    }
    read_lengths(chat);
    if (!map_file(chat)) {
        put(chat, ERROR_LINE, "the file to map cannot be opened, or is too short");
        return EXIT_FAILURE;
    }
    take_model_memory(chat);
    put(chat, META, "You are served by Truth");
    put_model_info(chat);
    sleep_until(start_ms + model->load_ms);
    chat->loaded = true;
    return 0;
}

/* --- run --------------------------------------------------------------------------------------------------- */

/* Returns the audio's seconds as its size tells them, or -1 where the engine hears nothing. The original goes through a
 * shell, and a path with these characters never arrives; it skips such audio silently, as it does a missing file. */
static double hear(struct chatllm_obj *chat, const char *prompt) {
    char path[4096];
    const char *start, *stop;
    struct stat status;
    if (chat->opening == NULL || chat->closing == NULL)
        return -1;
    start = strstr(prompt, chat->opening);
    stop = start != NULL ? strstr(start, chat->closing) : NULL;
    if (stop == NULL || strncmp(start + strlen(chat->opening), "audio:", 6) != 0)
        return -1;
    start += strlen(chat->opening) + 6;
    snprintf(path, sizeof path, "%.*s", (int)(stop - start), start);
    if (chat->model.deaf || strpbrk(path, "\"$`\\") != NULL || access(path, R_OK) != 0 || stat(path, &status) != 0) {
        putf(chat, META, "audio skipped: %s", path);
        return -1;
    }
    putf(chat, META, "audio read: %s", path);
    return (double)(status.st_size > 44 ? status.st_size - 44 : 0) / 32000.0;
}

/* 16 kHz, 16 bits; 13 tokens a second beside 12 for the template, as the models of the original have it. */
static size_t prompt_tokens(const struct model *model, double seconds) {
    if (model->prompt_tokens >= 0)
        return (size_t)model->prompt_tokens;
    return 12 + (seconds > 0 ? (size_t)(seconds * 13) : 0);
}

static bool is_inside_character(char byte) { return ((unsigned char)byte & 0xC0) == 0x80; }

/* Returns the length of the next chunk: a word with the space before it, unless the model says otherwise. */
static size_t chunk_length(const struct model *model, const char *text) {
    size_t length = 1, left = strlen(text);
    if (model->chunk_bytes > 0)
        return (size_t)model->chunk_bytes < left ? (size_t)model->chunk_bytes : left;
    if (model->split_utf8 && is_inside_character(text[0]))
        return strcspn(text, " ");
    while (length < left && text[length] != ' ') {
        if (model->split_utf8 && is_inside_character(text[length]))
            return length;
        length++;
    }
    return length;
}

static void put_piece(struct chatllm_obj *chat, const char *text, size_t length) {
    char piece[4096];
    struct chatllm_obj *to = last_started != NULL ? last_started : chat;
    snprintf(piece, sizeof piece, "%.*s", (int)length, text);
    put(to, CHUNK, piece);
    chat->eval_tokens++;
}

/* Delivers a text chunk by chunk, the first at first_ms. The last may come after the end, and be cut in a character. */
static void deliver(struct chatllm_obj *chat, const char *text, double first_ms) {
    const struct model *model = &chat->model;
    bool ended = false;
    double at_ms = first_ms;
    while (*text != '\0' && !atomic_load(&chat->aborted)) {
        size_t length = chunk_length(model, text);
        sleep_until(at_ms);
        if (text[length] == '\0' && model->after_end_tail) {
            chat->end(chat->user);
            ended = true;
        }
        put_piece(chat, text, length);
        text += length;
        at_ms += model->chunk_ms;
    }
    if (model->broken_utf8)
        put_piece(chat, "\xE2\x82", 2);
    if (!ended)
        chat->end(chat->user);
}

static void transcribe(struct chatllm_obj *chat, double start_ms) {
    const struct model *model = &chat->model;
    const char *text = model->other_text != NULL && runs > model->text_after ? model->other_text : model->text;
    double header_ms = model->header_ms >= 0 ? model->header_ms : model->ttft_ms;
    char header[256] = "";
    struct text whole = {0};
    if (model->tag && chat->set_language != NULL && strcmp(chat->set_language, "auto") != 0)
        snprintf(header, sizeof header, "<asr_text>");
    else if (model->tag)
        snprintf(header, sizeof header, "language %s<asr_text>", model->language);
    sleep_until(start_ms + header_ms);
    if (model->chunk_bytes > 0) {
        append(&whole, header, strlen(header));
    } else if (header[0] != '\0') {
        char *tag = strstr(header, "<asr_text>");
        if (tag != header)
            put_piece(chat, header, (size_t)(tag - header));
        put_piece(chat, tag, strlen(tag));
    }
    append(&whole, text, strlen(text));
    deliver(chat, whole.start, start_ms + model->ttft_ms);
    free(whole.start);
}

static void append_escaped(struct text *to, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            append(to, "\\", 1);
        append(to, text, 1);
    }
}

static void append_word(struct text *to, struct chatllm_obj *chat, int index, const struct word *word) {
    if (is(chat->set_format, "json")) {
        appendf(to, "%s\n    {\n        \"start\":%g,\n        \"end\":%g,\n        \"text\": \"", index > 0 ? "," : "",
                word->start_ms, word->end_ms);
        append_escaped(to, word->text);
        appendf(to, "\"\n    }");
        return;
    }
    appendf(to, "%d\n", index);
    for (int i = 0; i < 2; i++) {
        long ms = (long)(i == 0 ? word->start_ms : word->end_ms);
        appendf(to, "%02ld:%02ld:%02ld,%03ld%s", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000,
                i == 0 ? " --> " : "\n");
    }
    appendf(to, "%s\n\n", word->text);
}

/* As the original: letters, digits and apostrophes are kept; a segment without any of them aborts the process. */
static void check_segment(const char *segment) {
    for (; *segment != '\0'; segment++)
        if ((unsigned char)*segment >= 0x80 || strchr("'0123456789", *segment) != NULL ||
            ((*segment | 32) >= 'a' && (*segment | 32) <= 'z'))
            return;
    fprintf(stderr, "truth: check failed: sentences.size() == timestamps.size()\n");
    abort();
}

static size_t segment_length(struct chatllm_obj *chat, const char *text) {
    bool chinese = chat->set_language == NULL || strcmp(chat->set_language, "Chinese") == 0;
    size_t length = 1;
    if (chat->set_delimiter != NULL && chat->set_delimiter[0] != '\0') {
        const char *stop = strstr(text, chat->set_delimiter);
        return stop != NULL ? (size_t)(stop - text) : strlen(text);
    }
    if (!chinese)
        return strcspn(text, " \t\n");
    while (is_inside_character(text[length]))
        length++;
    return length;
}

/* Gives each segment of the text word_ms, one after the other. */
static void align_text(struct chatllm_obj *chat, const char *text, struct text *answer) {
    char segment[4096];
    int count = 0;
    bool delimited = chat->set_delimiter != NULL && chat->set_delimiter[0] != '\0';
    while (*text != '\0') {
        struct word word;
        size_t length = segment_length(chat, text);
        snprintf(segment, sizeof segment, "%.*s", (int)length, text);
        text += length;
        if (delimited ? strncmp(text, chat->set_delimiter, strlen(chat->set_delimiter)) == 0 : *text != '\0')
            text += delimited ? strlen(chat->set_delimiter) : strspn(text, " \t\n");
        check_segment(segment);
        word = (struct word){count * chat->model.word_ms, (count + 1) * chat->model.word_ms, segment};
        append_word(answer, chat, count++, &word);
    }
}

static void align(struct chatllm_obj *chat, const char *prompt, double start_ms) {
    const struct model *model = &chat->model;
    const char *text = chat->closing != NULL ? strstr(prompt, chat->closing) : NULL;
    struct text answer = {0};
    bool json = is(chat->set_format, "json");
    text = text != NULL ? text + strlen(chat->closing) : prompt;
    text += strspn(text, " \t\n");
    append(&answer, json ? "[" : "", json ? 1 : 0);
    for (int i = 0; i < model->word_count; i++)
        append_word(&answer, chat, i, &model->words[i]);
    if (model->word_count == 0)
        align_text(chat, text, &answer);
    append(&answer, json ? "\n]\n" : "", json ? 3 : 0);
    sleep_until(start_ms + model->ttft_ms);
    put(last_started != NULL ? last_started : chat, CHUNK, model->answer != NULL ? model->answer : answer.start);
    chat->end(chat->user);
    free(answer.start);
}

/* The original adds each run to the object's totals, and shows the totals. */
static void account(struct chatllm_obj *chat, double start_ms, double seconds) {
    double total_ms = now_ms() - start_ms, prompt_ms = chat->model.ttft_ms;
    if (is(chat->model.purpose, "aligner") || prompt_ms > total_ms)
        prompt_ms = total_ms;
    chat->prompt_total_ms += prompt_ms;
    chat->eval_total_ms += total_ms - prompt_ms;
    chat->prompt_tokens += prompt_tokens(&chat->model, seconds);
}

static int run(struct chatllm_obj *chat, const char *prompt) {
    const struct model *model = &chat->model;
    double start_ms = now_ms(), seconds;
    struct block work;
    long times_before = runs++;
    maybe_print(model);
    maybe_fail(model, "run", times_before);
    if (model->fail_run != NULL) {
        put(chat, ERROR_LINE, model->fail_run);
        return 0;
    }
    if (model->input_result != 0)
        return (int)model->input_result;
    atomic_store(&chat->aborted, false);
    atomic_store(&chat->busy, true);
    putf(chat, META, "turn %d", ++chat->turns);
    if (model->meta_line != NULL)
        put(chat, META, model->meta_line);
    seconds = hear(chat, prompt);
    work = take((size_t)model->work_mib * MIB, model->memory_with);
    leak(model->leak_run_kib, model->leak_with);
    work_hard(chat);
    if (is(model->purpose, "aligner"))
        align(chat, prompt, start_ms);
    else
        transcribe(chat, start_ms);
    sleep_until(start_ms + model->run_ms);
    give_back(&work);
    account(chat, start_ms, seconds);
    atomic_store(&chat->busy, false);
    return 0;
}

/* --- the ABI ----------------------------------------------------------------------------------------------- */

EXPORT struct chatllm_obj *chatllm_create(void);
EXPORT void chatllm_append_param(struct chatllm_obj *chat, const char *option);
EXPORT int chatllm_start(struct chatllm_obj *chat, print_function print, end_function end, void *user);
EXPORT int chatllm_user_input(struct chatllm_obj *chat, const char *prompt);
EXPORT void chatllm_abort_generation(struct chatllm_obj *chat);
EXPORT void chatllm_show_statistics(struct chatllm_obj *chat);
#ifdef RESTART_ONE_ARG
EXPORT void chatllm_restart(struct chatllm_obj *chat);
#else
EXPORT void chatllm_restart(struct chatllm_obj *chat, const char *system_prompt);
#endif
#ifndef NO_DESTROY
EXPORT int chatllm_destroy(struct chatllm_obj *chat);
#endif

struct chatllm_obj *chatllm_create(void) {
    struct chatllm_obj *chat = calloc(1, sizeof *chat), **last = &first_alive;
    if (chat == NULL)
        out_of_memory();
    while (*last != NULL)
        last = &(*last)->next;
    *last = chat;
    return chat;
}

void chatllm_append_param(struct chatllm_obj *chat, const char *option) {
    if (chat->param_count < MAX_PARAMS)
        chat->params[chat->param_count++] = strdup(option);
}

int chatllm_start(struct chatllm_obj *chat, print_function print, end_function end, void *user) {
    double start_ms = now_ms();
    const char *path = value_after(chat, "-m"), *problem;
    int bad = read_options(chat, NULL);
    if (bad != 0)
        return bad;
    chat->print = print;
    chat->end = end;
    chat->user = user;
    last_started = chat;
    if (path == NULL)
        return -1;
    problem = read_model(&chat->model, path);
    if (problem != NULL) {
        put(chat, ERROR_LINE, problem);
        return EXIT_FAILURE;
    }
    bad = read_options(chat, chat->model.bad_option);
    if (bad != 0) {
        chat->print = NULL; /* the original reads its options before it takes the callbacks */
        return bad;
    }
    if (chat->model.start_result != 0)
        return (int)chat->model.start_result;
    return load(chat, start_ms);
}

int chatllm_user_input(struct chatllm_obj *chat, const char *prompt) {
    if (atomic_load(&chat->busy))
        return -1;
    if (!chat->loaded)
        return -2;
#ifdef OLD_ASR
    return -1;
#endif
    if (is(chat->model.purpose, "other"))
        return -3;
    return run(chat, prompt);
}

#ifdef RESTART_ONE_ARG
void chatllm_restart(struct chatllm_obj *chat) {
#else
void chatllm_restart(struct chatllm_obj *chat, const char *system_prompt) {
    if (system_prompt != NULL)
        put(chat, META, "the system prompt has changed");
#endif
    double start_ms = now_ms();
    maybe_fail(&chat->model, "restart", restarts++);
    chat->turns = 0;
    sleep_until(start_ms + chat->model.restart_ms);
}

void chatllm_abort_generation(struct chatllm_obj *chat) { atomic_store(&chat->aborted, true); }

static void put_timing(struct chatllm_obj *chat, const char *what, double ms, size_t tokens) {
    putf(chat, META, "%s = %12.2f ms / %5zu tokens ( %8.2f ms per token, %8.2f tokens per second)", what, ms, tokens,
         tokens > 0 ? ms / (double)tokens : 0.0, ms > 0 ? (double)tokens / ms * 1000 : 0.0);
}

void chatllm_show_statistics(struct chatllm_obj *chat) {
    if (!chat->model.statistics)
        return;
    put(chat, META, "");
    put_timing(chat, "timings: prompt eval time", chat->prompt_total_ms, chat->prompt_tokens);
    put_timing(chat, "timings:        eval time", chat->eval_total_ms, chat->eval_tokens);
    putf(chat, META, "timings:       total time = %12.2f ms / %5zu tokens", chat->prompt_total_ms + chat->eval_total_ms,
         chat->prompt_tokens + chat->eval_tokens);
}

#ifndef NO_DESTROY
static void forget(struct chatllm_obj *chat) {
    give_back(&chat->kept);
    give_back(&chat->cache);
    release_retained(chat);
    if (chat->file != NULL)
        munmap(chat->file, chat->file_bytes);
    forget_model(&chat->model);
    for (int i = 0; i < chat->param_count; i++)
        free(chat->params[i]);
    if (last_started == chat)
        last_started = NULL;
    free(chat);
}

int chatllm_destroy(struct chatllm_obj *chat) {
    struct chatllm_obj **at = &first_alive;
    double start_ms = now_ms(), unload_ms = chat->model.unload_ms;
    if (chat->print == NULL)
        raise(SIGSEGV); /* as the original does when it is called before start */
    if (atomic_load(&chat->busy))
        return -1;
    if (chat->model.destroy_result != 0)
        return (int)chat->model.destroy_result;
    while (*at != NULL && *at != chat)
        at = &(*at)->next;
    if (*at == NULL)
        return -1;
    maybe_fail(&chat->model, "unload", unloads++);
    *at = chat->next;
    forget(chat);
    sleep_until(start_ms + unload_ms);
    return 0;
}
#endif
