/*
 * Tokens. A word is read once, into parts that say what was quoted and what
 * is to be expanded; nothing scans it a second time. $(...) calls back into
 * the parser, so whatever a command may hold may stand inside a substitution.
 */
#include <ctype.h>
#include <string.h>

#include "sh.h"

/* Where text stands decides what ends it and which characters are special. */
enum context {
	IN_WORD,         /* to a blank or operator */
	IN_BRACES,       /* ${x-...}, unquoted: to } */
	IN_QUOTES,       /* "...": to " */
	IN_QUOTED_BRACES, /* "${x-...}": to } */
	IN_ARITHMETIC,   /* $((...)): to )) */
	IN_HEREDOC,      /* to the end of the text */
};

struct word_builder {
	struct part *first, **tail;
	struct buffer text; /* literal text not yet a part */
	bool text_quoted, have_text;
};

static void lex_parts(struct parser *parser, enum context context, struct word_builder *builder);

static int peek_byte(struct parser *parser)
{
	struct source *source = parser->source;
	while (source_peek(source, 0) == '\\' && !parser->verbatim && source_peek(source, 1) == '\n') {
		source->position += 2;
		parser->line++;
	}
	return source_peek(source, 0);
}

static int next_byte(struct parser *parser)
{
	int c = peek_byte(parser);
	if (c >= 0)
		parser->source->position++;
	if (c == '\n')
		parser->line++;
	return c;
}

/* A byte that no backslash-newline is taken out before. */
static int next_verbatim_byte(struct parser *parser)
{
	parser->verbatim = true;
	int c = next_byte(parser);
	parser->verbatim = false;
	return c;
}

static bool skip_byte(struct parser *parser, int wanted)
{
	if (peek_byte(parser) != wanted)
		return false;
	next_byte(parser);
	return true;
}

static bool is_name_start(int c)
{
	return c == '_' || (c < 128 && isalpha(c));
}

static bool is_name_byte(int c)
{
	return is_name_start(c) || (c < 128 && isdigit(c));
}

size_t name_length(const char *text)
{
	size_t length = 0;
	if (is_name_start((unsigned char)*text))
		while (is_name_byte((unsigned char)text[length]))
			length++;
	return length;
}

static void builder_start(struct word_builder *builder, struct parser *parser)
{
	*builder = (struct word_builder){.text = {.arena = parser->arena}};
	builder->tail = &builder->first;
}

static void flush_text(struct word_builder *builder)
{
	if (!builder->have_text)
		return;
	struct part *part = arena_allocate(builder->text.arena, sizeof *part);
	part->kind = PART_TEXT;
	part->quoted = builder->text_quoted;
	part->text = buffer_text(&builder->text);
	builder->text = (struct buffer){.arena = builder->text.arena};
	builder->have_text = false;
	*builder->tail = part;
	builder->tail = &part->next;
}

/* Says that text follows, perhaps none: "" is a part too. */
static void begin_text(struct word_builder *builder, bool quoted)
{
	if (builder->have_text && builder->text_quoted != quoted)
		flush_text(builder);
	builder->have_text = true;
	builder->text_quoted = quoted;
}

static void add_byte(struct word_builder *builder, int c, bool quoted)
{
	begin_text(builder, quoted);
	buffer_add(&builder->text, c);
}

static struct part *add_part(struct word_builder *builder, enum part_kind kind, bool quoted)
{
	flush_text(builder);
	struct part *part = arena_allocate(builder->text.arena, sizeof *part);
	part->kind = kind;
	part->quoted = quoted;
	*builder->tail = part;
	builder->tail = &part->next;
	return part;
}

static struct word *finish_word(struct parser *parser, struct word_builder *builder)
{
	flush_text(builder);
	struct word *word = arena_allocate(parser->arena, sizeof *word);
	word->parts = builder->first;
	return word;
}

static struct word *lex_nested_word(struct parser *parser, enum context context)
{
	struct word_builder builder;
	builder_start(&builder, parser);
	lex_parts(parser, context, &builder);
	return finish_word(parser, &builder);
}

/* The list between a substitution's parentheses; the token in hand is set aside. */
static struct node *lex_command(struct parser *parser)
{
	struct redirect *outer_heredocs = parser->heredocs;
	parser->heredocs = NULL;
	parser->have_token = false;
	struct node *list = parse_list(parser);
	if (next_token(parser).kind != TOKEN_CLOSE)
		syntax_error(parser, "expecting \")\"");
	parser->heredocs = outer_heredocs;
	return list;
}

/* Reads from `text` until `read` is done, then goes on where it was. */
static void with_text(struct parser *parser, const char *text, void (*read)(struct parser *, void *), void *result)
{
	struct source source = {
		.bytes = (char *)text, .length = strlen(text), .fd = -1, .at_end = true,
	};
	struct source *outer_source = parser->source;
	bool outer_verbatim = parser->verbatim;
	parser->source = &source;
	parser->verbatim = false;
	read(parser, result);
	parser->source = outer_source;
	parser->verbatim = outer_verbatim;
}

static void read_whole_list(struct parser *parser, void *result)
{
	struct redirect *outer_heredocs = parser->heredocs;
	parser->heredocs = NULL;
	parser->have_token = false;
	*(struct node **)result = parse_list(parser);
	if (next_token(parser).kind != TOKEN_END)
		syntax_error(parser, "unexpected text in backquotes");
	parser->heredocs = outer_heredocs;
}

static void lex_backquotes(struct parser *parser, bool quoted, struct word_builder *builder)
{
	struct buffer text = {.arena = parser->arena};
	int line = parser->line;
	for (;;) {
		int c = next_byte(parser);
		if (c == '`')
			break;
		if (c < 0)
			syntax_error(parser, "unterminated backquotes");
		if (c == '\\') {
			int escaped = next_verbatim_byte(parser);
			if (escaped != '$' && escaped != '`' && escaped != '\\' && !(quoted && escaped == '"'))
				buffer_add(&text, '\\');
			c = escaped < 0 ? '\\' : escaped;
		}
		buffer_add(&text, c);
	}
	struct part *part = add_part(builder, PART_COMMAND, quoted);
	int end_line = parser->line;
	parser->line = line;
	with_text(parser, buffer_text(&text), read_whole_list, &part->command);
	parser->line = end_line;
}

/* The name behind "$" or "${": a variable, digits, or one special character. */
static char *lex_parameter_name(struct parser *parser, bool braces)
{
	struct buffer name = {.arena = parser->arena};
	int c = peek_byte(parser);
	if (is_name_start(c)) {
		while (is_name_byte(peek_byte(parser)))
			buffer_add(&name, next_byte(parser));
	} else if (c >= '0' && c <= '9') {
		do
			buffer_add(&name, next_byte(parser));
		while (braces && isdigit(peek_byte(parser)));
	} else if (c > 0 && strchr("@*#?-$!", c)) {
		buffer_add(&name, next_byte(parser));
	}
	return name.length ? buffer_text(&name) : NULL;
}

static void lex_braces(struct parser *parser, bool quoted, struct word_builder *builder)
{
	struct part *part = add_part(builder, PART_PARAMETER, quoted);
	part->text = lex_parameter_name(parser, true);
	int c = peek_byte(parser);
	/* "${#x}" is a length, but "${#}" and "${#:-x}" are about $#. */
	if (part->text && strcmp(part->text, "#") == 0 && c > 0 && !strchr("}:=+%", c)) {
		part->text = lex_parameter_name(parser, true);
		part->operator = 'L';
	}
	if (!part->text)
		syntax_error(parser, "bad substitution");
	if (skip_byte(parser, '}'))
		return;
	part->colon = skip_byte(parser, ':');
	c = next_byte(parser);
	if (part->operator || c < 0 || !strchr(part->colon ? "-=?+" : "-=?+%#", c))
		syntax_error(parser, "bad substitution");
	part->operator = c;
	bool is_trim = c == '%' || c == '#';
	if (is_trim)
		part->longest = skip_byte(parser, c);
	/* Quotes in a pattern quote, even inside double quotes. */
	bool argument_quoted = quoted && !is_trim;
	part->word = lex_nested_word(parser, argument_quoted ? IN_QUOTED_BRACES : IN_BRACES);
}

static void lex_dollar(struct parser *parser, bool quoted, struct word_builder *builder)
{
	if (skip_byte(parser, '(')) {
		if (skip_byte(parser, '(')) {
			struct part *part = add_part(builder, PART_ARITHMETIC, quoted);
			part->word = lex_nested_word(parser, IN_ARITHMETIC);
		} else {
			struct part *part = add_part(builder, PART_COMMAND, quoted);
			part->command = lex_command(parser);
		}
	} else if (skip_byte(parser, '{')) {
		lex_braces(parser, quoted, builder);
	} else {
		char *name = lex_parameter_name(parser, false);
		if (name)
			add_part(builder, PART_PARAMETER, quoted)->text = name;
		else
			add_byte(builder, '$', quoted);
	}
}

static void lex_backslash(struct parser *parser, enum context context, bool quoted, struct word_builder *builder)
{
	int c = next_verbatim_byte(parser);
	if (quoted) {
		bool escapes = c > 0 && (strchr("$`\\", c) || (c == '"' && context != IN_HEREDOC) ||
		                         (c == '}' && context == IN_QUOTED_BRACES));
		if (!escapes)
			add_byte(builder, '\\', true);
	}
	if (c >= 0)
		add_byte(builder, c, true);
	else if (!quoted)
		add_byte(builder, '\\', true);
}

static void lex_single_quotes(struct parser *parser, struct word_builder *builder)
{
	begin_text(builder, true);
	for (;;) {
		int c = next_verbatim_byte(parser);
		if (c < 0)
			syntax_error(parser, "unterminated quoted string");
		if (c == '\'')
			return;
		add_byte(builder, c, true);
	}
}

static void lex_double_quotes(struct parser *parser, struct word_builder *builder)
{
	/* An empty part only if nothing else is inside: "$@" may be no field at all. */
	if (skip_byte(parser, '"')) {
		begin_text(builder, true);
		return;
	}
	lex_parts(parser, IN_QUOTES, builder);
}

static bool ends_word(int c)
{
	return c < 0 || (c > 0 && strchr(" \t\n;&|<>()", c));
}

/* True if the context ends before the next byte, which is taken if it is a closer. */
static bool lex_end(struct parser *parser, enum context context, int c, int depth)
{
	if (c < 0 && context != IN_WORD && context != IN_HEREDOC)
		syntax_error(parser, context == IN_QUOTES ? "unterminated quoted string" : "missing \"}\" or \"))\"");
	switch (context) {
	case IN_WORD:
		return ends_word(c);
	case IN_HEREDOC:
		return c < 0;
	case IN_QUOTES:
		return skip_byte(parser, '"');
	case IN_BRACES:
	case IN_QUOTED_BRACES:
		return skip_byte(parser, '}');
	case IN_ARITHMETIC:
		if (c != ')' || depth > 0)
			return false;
		next_byte(parser);
		if (!skip_byte(parser, ')'))
			syntax_error(parser, "expecting \"))\"");
		return true;
	}
	return true;
}

static void lex_parts(struct parser *parser, enum context context, struct word_builder *builder)
{
	bool quoted = context != IN_WORD && context != IN_BRACES;
	int depth = 0;
	for (;;) {
		int c = peek_byte(parser);
		if (lex_end(parser, context, c, depth))
			return;
		next_byte(parser);
		if (c == '\\') {
			lex_backslash(parser, context, quoted, builder);
		} else if (c == '\'' && !quoted) {
			lex_single_quotes(parser, builder);
		} else if (c == '"' && context != IN_HEREDOC) {
			if (context != IN_ARITHMETIC) /* there quotes mean nothing */
				lex_double_quotes(parser, builder);
		} else if (c == '$') {
			lex_dollar(parser, quoted, builder);
		} else if (c == '`') {
			lex_backquotes(parser, quoted, builder);
		} else {
			if (context == IN_ARITHMETIC)
				depth += (c == '(') - (c == ')');
			add_byte(builder, c, quoted);
		}
	}
}

static void read_heredoc_text(struct parser *parser, void *result)
{
	*(struct word **)result = lex_nested_word(parser, IN_HEREDOC);
}

struct word *lex_quoted_text(struct parser *parser, const char *text)
{
	struct word *word;
	with_text(parser, text, read_heredoc_text, &word);
	return word;
}

/* One line of a here-document with its newline; false at the end of input. */
static bool read_heredoc_line(struct parser *parser, struct redirect *heredoc, struct buffer *line)
{
	line->length = 0;
	while (heredoc->strip_tabs && source_peek(parser->source, 0) == '\t')
		next_byte(parser);
	for (;;) {
		int c = heredoc->literal ? next_verbatim_byte(parser) : next_byte(parser);
		if (c < 0)
			return line->length > 0;
		buffer_add(line, c);
		if (c == '\n')
			return true;
		if (c == '\\' && !heredoc->literal) {
			/* The pair stays together, lest its second half join lines. */
			c = next_verbatim_byte(parser);
			if (c >= 0)
				buffer_add(line, c);
		}
	}
}

static void read_heredoc(struct parser *parser, struct redirect *heredoc)
{
	struct buffer body = {.arena = parser->arena}, line = {.arena = parser->arena};
	int first_line = parser->line;
	while (read_heredoc_line(parser, heredoc, &line)) {
		size_t length = strlen(heredoc->delimiter);
		size_t line_length = line.length - (line.bytes[line.length - 1] == '\n');
		if (line_length == length && memcmp(line.bytes, heredoc->delimiter, length) == 0)
			break;
		buffer_append(&body, line.bytes, line.length);
	}
	int end_line = parser->line;
	parser->line = first_line;
	if (heredoc->literal) {
		struct word_builder builder;
		builder_start(&builder, parser);
		begin_text(&builder, true);
		buffer_append(&builder.text, buffer_text(&body), body.length);
		heredoc->target = finish_word(parser, &builder);
	} else {
		heredoc->target = lex_quoted_text(parser, buffer_text(&body));
	}
	parser->line = end_line;
}

const char *plain_text(const struct word *word)
{
	struct part *part = word->parts;
	return part && !part->next && part->kind == PART_TEXT && !part->quoted ? part->text : NULL;
}

static struct token lex_word(struct parser *parser)
{
	struct token token = {.kind = TOKEN_WORD, .word = lex_nested_word(parser, IN_WORD)};
	const char *text = plain_text(token.word);
	int c = peek_byte(parser);
	/* One digit only: descriptors from 10 up are the shell's own. */
	if (text && isdigit((unsigned char)text[0]) && !text[1] && (c == '<' || c == '>')) {
		token.kind = TOKEN_IO_NUMBER;
		token.number = text[0] - '0';
	}
	return token;
}

static enum token_kind lex_operator(struct parser *parser, int c)
{
	switch (c) {
	case '(': return TOKEN_OPEN;
	case ')': return TOKEN_CLOSE;
	case ';': return skip_byte(parser, ';') ? TOKEN_DOUBLE_SEMICOLON : TOKEN_SEMICOLON;
	case '&': return skip_byte(parser, '&') ? TOKEN_AND : TOKEN_AMPERSAND;
	case '|': return skip_byte(parser, '|') ? TOKEN_OR : TOKEN_PIPE;
	case '<':
		if (skip_byte(parser, '<'))
			return skip_byte(parser, '-') ? TOKEN_HEREDOC_TABS : TOKEN_HEREDOC;
		return skip_byte(parser, '&') ? TOKEN_LESS_AND : skip_byte(parser, '>') ? TOKEN_LESS_GREAT : TOKEN_LESS;
	default: /* > */
		return skip_byte(parser, '>') ? TOKEN_APPEND : skip_byte(parser, '&') ? TOKEN_GREAT_AND
		     : skip_byte(parser, '|') ? TOKEN_CLOBBER : TOKEN_GREAT;
	}
}

static struct token lex_token(struct parser *parser)
{
	int c = peek_byte(parser);
	while (c == ' ' || c == '\t') {
		next_byte(parser);
		c = peek_byte(parser);
	}
	if (c == '#') {
		while ((c = source_peek(parser->source, 0)) >= 0 && c != '\n')
			parser->source->position++;
	}
	if (c < 0)
		return (struct token){.kind = TOKEN_END};
	if (!ends_word(c))
		return lex_word(parser);
	next_byte(parser);
	if (c != '\n')
		return (struct token){.kind = lex_operator(parser, c)};
	while (parser->heredocs) {
		struct redirect *heredoc = parser->heredocs;
		parser->heredocs = heredoc->next_heredoc;
		read_heredoc(parser, heredoc);
	}
	return (struct token){.kind = TOKEN_NEWLINE};
}

struct token *peek_token(struct parser *parser)
{
	if (!parser->have_token) {
		parser->token = lex_token(parser);
		parser->have_token = true;
	}
	return &parser->token;
}

struct token next_token(struct parser *parser)
{
	struct token token = *peek_token(parser);
	parser->have_token = false;
	return token;
}
