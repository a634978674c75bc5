/* Tokens to a tree, by recursive descent along POSIX XCU 2.10's grammar. */
#include <stdarg.h>
#include <string.h>

#include "sh.h"

static struct node *parse_command(struct parser *parser);

void syntax_error(struct parser *parser, const char *what)
{
	sh.line = parser->line;
	complain("Syntax error: %s", what);
	longjmp(parser->failure, 1);
}

static const char *token_text(struct token *token)
{
	static const char *const texts[] = {
		"end of file", "newline", "word", "number", "&&", "||", ";;", ";", "&", "|",
		"(", ")", "<", ">", "<<", "<<-", "<&", ">&", "<>", ">|", ">>",
	};
	const char *text = token->kind == TOKEN_WORD ? plain_text(token->word) : NULL;
	return text ? text : texts[token->kind];
}

static _Noreturn void unexpected(struct parser *parser)
{
	char message[80];
	snprintf(message, sizeof message, "\"%.50s\" unexpected", token_text(peek_token(parser)));
	syntax_error(parser, message);
}

static struct node *new_node(struct parser *parser, enum node_kind kind)
{
	struct node *node = arena_allocate(parser->arena, sizeof *node);
	node->kind = kind;
	node->line = parser->line;
	return node;
}

static bool next_is_reserved(struct parser *parser, const char *reserved)
{
	struct token *token = peek_token(parser);
	const char *text = token->kind == TOKEN_WORD ? plain_text(token->word) : NULL;
	return text && strcmp(text, reserved) == 0;
}

static bool skip_reserved(struct parser *parser, const char *reserved)
{
	if (!next_is_reserved(parser, reserved))
		return false;
	next_token(parser);
	return true;
}

static void expect_reserved(struct parser *parser, const char *reserved)
{
	if (!skip_reserved(parser, reserved))
		unexpected(parser);
}

static bool skip_token(struct parser *parser, enum token_kind kind)
{
	if (peek_token(parser)->kind != kind)
		return false;
	next_token(parser);
	return true;
}

static void skip_newlines(struct parser *parser)
{
	while (skip_token(parser, TOKEN_NEWLINE))
		continue;
}

/* What cannot begin a command ends the list before it. */
static bool at_list_end(struct parser *parser)
{
	static const char *const closers[] = {"then", "else", "elif", "fi", "do", "done", "esac", "}"};
	enum token_kind kind = peek_token(parser)->kind;
	if (kind == TOKEN_END || kind == TOKEN_CLOSE || kind == TOKEN_DOUBLE_SEMICOLON)
		return true;
	for (size_t i = 0; i < sizeof closers / sizeof *closers; i++)
		if (next_is_reserved(parser, closers[i]))
			return true;
	return false;
}

static bool is_redirect(struct token *token)
{
	return token->kind == TOKEN_IO_NUMBER || token->kind >= TOKEN_LESS;
}

static char *heredoc_delimiter(struct parser *parser, struct word *word, bool *literal)
{
	struct buffer text = {.arena = parser->arena};
	*literal = false;
	for (struct part *part = word->parts; part; part = part->next) {
		if (part->kind != PART_TEXT)
			syntax_error(parser, "bad here-document delimiter");
		*literal |= part->quoted;
		buffer_append(&text, part->text, strlen(part->text));
	}
	return buffer_text(&text);
}

static struct redirect *parse_redirect(struct parser *parser)
{
	struct redirect *redirect = arena_allocate(parser->arena, sizeof *redirect);
	struct token token = next_token(parser);
	redirect->fd = -1;
	if (token.kind == TOKEN_IO_NUMBER) {
		redirect->fd = token.number;
		token = next_token(parser);
	}
	static const enum redirect_kind kinds[] = {
		[TOKEN_LESS] = REDIRECT_READ, [TOKEN_GREAT] = REDIRECT_WRITE,
		[TOKEN_HEREDOC] = REDIRECT_HEREDOC, [TOKEN_HEREDOC_TABS] = REDIRECT_HEREDOC,
		[TOKEN_LESS_AND] = REDIRECT_DUPLICATE, [TOKEN_GREAT_AND] = REDIRECT_DUPLICATE,
		[TOKEN_LESS_GREAT] = REDIRECT_READ_WRITE, [TOKEN_CLOBBER] = REDIRECT_CLOBBER,
		[TOKEN_APPEND] = REDIRECT_APPEND,
	};
	redirect->kind = kinds[token.kind];
	bool is_input = redirect->kind == REDIRECT_READ || redirect->kind == REDIRECT_HEREDOC ||
	                redirect->kind == REDIRECT_READ_WRITE || token.kind == TOKEN_LESS_AND;
	if (redirect->fd < 0)
		redirect->fd = is_input ? 0 : 1;
	if (peek_token(parser)->kind != TOKEN_WORD)
		unexpected(parser);
	redirect->target = next_token(parser).word;
	if (redirect->kind == REDIRECT_HEREDOC) {
		redirect->delimiter = heredoc_delimiter(parser, redirect->target, &redirect->literal);
		redirect->strip_tabs = token.kind == TOKEN_HEREDOC_TABS;
		struct redirect **tail = &parser->heredocs;
		while (*tail)
			tail = &(*tail)->next_heredoc;
		*tail = redirect;
	}
	return redirect;
}

static void parse_redirects(struct parser *parser, struct redirect **tail)
{
	while (*tail)
		tail = &(*tail)->next;
	while (is_redirect(peek_token(parser))) {
		*tail = parse_redirect(parser);
		tail = &(*tail)->next;
	}
}

static struct node *required_list(struct parser *parser)
{
	struct node *list = parse_list(parser);
	if (!list)
		unexpected(parser);
	return list;
}

static struct node *parse_if(struct parser *parser)
{
	struct node *node = new_node(parser, NODE_IF);
	node->first = required_list(parser);
	expect_reserved(parser, "then");
	node->second = required_list(parser);
	if (skip_reserved(parser, "elif")) {
		node->third = parse_if(parser);
		return node; /* the inner one took the "fi" */
	}
	if (skip_reserved(parser, "else"))
		node->third = required_list(parser);
	expect_reserved(parser, "fi");
	return node;
}

static struct node *parse_do(struct parser *parser)
{
	expect_reserved(parser, "do");
	struct node *body = required_list(parser);
	expect_reserved(parser, "done");
	return body;
}

static struct word **append_word(struct word **tail, struct word *word)
{
	*tail = word;
	return &word->next;
}

static struct node *parse_for(struct parser *parser)
{
	struct node *node = new_node(parser, NODE_FOR);
	struct token name = next_token(parser);
	const char *text = name.kind == TOKEN_WORD ? plain_text(name.word) : NULL;
	if (!text || name_length(text) != strlen(text))
		syntax_error(parser, "bad for loop variable");
	node->name = (char *)text;
	skip_newlines(parser);
	if (skip_reserved(parser, "in")) {
		node->has_in = true;
		struct word **tail = &node->words;
		while (peek_token(parser)->kind == TOKEN_WORD)
			tail = append_word(tail, next_token(parser).word);
		if (!skip_token(parser, TOKEN_SEMICOLON) && peek_token(parser)->kind != TOKEN_NEWLINE)
			unexpected(parser);
	} else {
		skip_token(parser, TOKEN_SEMICOLON);
	}
	skip_newlines(parser);
	node->second = parse_do(parser);
	return node;
}

static struct case_clause *parse_clause(struct parser *parser)
{
	struct case_clause *clause = arena_allocate(parser->arena, sizeof *clause);
	struct word **tail = &clause->patterns;
	skip_token(parser, TOKEN_OPEN);
	do {
		if (peek_token(parser)->kind != TOKEN_WORD)
			unexpected(parser);
		tail = append_word(tail, next_token(parser).word);
	} while (skip_token(parser, TOKEN_PIPE));
	if (!skip_token(parser, TOKEN_CLOSE))
		unexpected(parser);
	clause->body = parse_list(parser);
	return clause;
}

static struct node *parse_case(struct parser *parser)
{
	struct node *node = new_node(parser, NODE_CASE);
	if (peek_token(parser)->kind != TOKEN_WORD)
		unexpected(parser);
	node->words = next_token(parser).word;
	skip_newlines(parser);
	expect_reserved(parser, "in");
	skip_newlines(parser);
	struct case_clause **tail = &node->clauses;
	while (!skip_reserved(parser, "esac")) {
		*tail = parse_clause(parser);
		tail = &(*tail)->next;
		if (!skip_token(parser, TOKEN_DOUBLE_SEMICOLON) && !next_is_reserved(parser, "esac"))
			unexpected(parser);
		skip_newlines(parser);
	}
	return node;
}

static struct node *parse_function(struct parser *parser, const char *name)
{
	struct node *node = new_node(parser, NODE_FUNCTION);
	next_token(parser);
	if (!skip_token(parser, TOKEN_CLOSE))
		unexpected(parser);
	if (name_length(name) != strlen(name))
		syntax_error(parser, "bad function name");
	node->name = (char *)name;
	skip_newlines(parser);
	node->first = parse_command(parser);
	parser->arena->pinned = true; /* the function outlives this command */
	return node;
}

static struct node *parse_simple(struct parser *parser)
{
	struct node *node = new_node(parser, NODE_SIMPLE);
	struct word **assignments = &node->assignments, **words = &node->words;
	for (;;) {
		parse_redirects(parser, &node->redirects);
		struct token *token = peek_token(parser);
		if (token->kind == TOKEN_OPEN && node->words && !node->words->next && !node->assignments &&
		    !node->redirects && plain_text(node->words))
			return parse_function(parser, plain_text(node->words));
		if (token->kind != TOKEN_WORD)
			break;
		struct word *word = next_token(parser).word;
		if (!node->words && is_assignment(word))
			assignments = append_word(assignments, word);
		else
			words = append_word(words, word);
	}
	if (!node->words && !node->assignments && !node->redirects)
		unexpected(parser);
	return node;
}

static struct node *parse_enclosed(struct parser *parser, enum node_kind kind)
{
	struct node *node = new_node(parser, kind);
	node->first = required_list(parser);
	if (kind == NODE_SUBSHELL && !skip_token(parser, TOKEN_CLOSE))
		unexpected(parser);
	if (kind == NODE_GROUP)
		expect_reserved(parser, "}");
	return node;
}

static struct node *parse_loop(struct parser *parser, enum node_kind kind)
{
	struct node *node = new_node(parser, kind);
	node->first = required_list(parser);
	node->second = parse_do(parser);
	return node;
}

static struct node *parse_command(struct parser *parser)
{
	struct node *node;
	if (skip_token(parser, TOKEN_OPEN))
		node = parse_enclosed(parser, NODE_SUBSHELL);
	else if (skip_reserved(parser, "{"))
		node = parse_enclosed(parser, NODE_GROUP);
	else if (skip_reserved(parser, "if"))
		node = parse_if(parser);
	else if (skip_reserved(parser, "while"))
		node = parse_loop(parser, NODE_WHILE);
	else if (skip_reserved(parser, "until"))
		node = parse_loop(parser, NODE_UNTIL);
	else if (skip_reserved(parser, "for"))
		node = parse_for(parser);
	else if (skip_reserved(parser, "case"))
		node = parse_case(parser);
	else if (at_list_end(parser))
		unexpected(parser);
	else
		return parse_simple(parser);
	parse_redirects(parser, &node->redirects);
	return node;
}

static struct node *parse_pipeline(struct parser *parser)
{
	if (skip_reserved(parser, "!")) {
		struct node *node = new_node(parser, NODE_NOT);
		node->first = parse_pipeline(parser);
		return node;
	}
	struct node *command = parse_command(parser);
	if (peek_token(parser)->kind != TOKEN_PIPE)
		return command;
	struct node *pipe = new_node(parser, NODE_PIPE);
	pipe->first = command;
	while (skip_token(parser, TOKEN_PIPE)) {
		skip_newlines(parser);
		command->next = parse_command(parser);
		command = command->next;
	}
	return pipe;
}

static struct node *parse_and_or(struct parser *parser)
{
	struct node *left = parse_pipeline(parser);
	for (;;) {
		bool is_and = peek_token(parser)->kind == TOKEN_AND;
		if (!is_and && peek_token(parser)->kind != TOKEN_OR)
			return left;
		next_token(parser);
		skip_newlines(parser);
		struct node *node = new_node(parser, is_and ? NODE_AND : NODE_OR);
		node->first = left;
		node->second = parse_pipeline(parser);
		left = node;
	}
}

/* One and-or list with the separator behind it; false if none was there. */
static bool parse_item(struct parser *parser, struct node **item)
{
	*item = parse_and_or(parser);
	if (skip_token(parser, TOKEN_AMPERSAND)) {
		struct node *node = new_node(parser, NODE_ASYNC);
		node->first = *item;
		*item = node;
		return true;
	}
	return skip_token(parser, TOKEN_SEMICOLON);
}

static struct node *make_sequence(struct parser *parser, struct node *first)
{
	if (!first || !first->next)
		return first;
	struct node *node = new_node(parser, NODE_SEQUENCE);
	node->first = first;
	return node;
}

struct node *parse_list(struct parser *parser)
{
	struct node *first = NULL, **tail = &first;
	skip_newlines(parser);
	while (!at_list_end(parser)) {
		bool separated = parse_item(parser, tail);
		tail = &(*tail)->next;
		if (!separated && peek_token(parser)->kind != TOKEN_NEWLINE)
			break;
		skip_newlines(parser);
	}
	return make_sequence(parser, first);
}

enum parse_result parse_command_line(struct parser *parser, struct node **command)
{
	parser->have_token = false;
	parser->heredocs = NULL;
	parser->verbatim = false;
	if (setjmp(parser->failure))
		return PARSE_ERROR;
	if (skip_token(parser, TOKEN_NEWLINE))
		return PARSE_EMPTY;
	if (skip_token(parser, TOKEN_END))
		return PARSE_END;
	struct node *first = NULL, **tail = &first;
	for (;;) {
		bool separated = parse_item(parser, tail);
		tail = &(*tail)->next;
		enum token_kind kind = peek_token(parser)->kind;
		if (kind == TOKEN_NEWLINE || kind == TOKEN_END)
			break;
		if (!separated)
			unexpected(parser);
	}
	*command = make_sequence(parser, first);
	return PARSE_COMMAND;
}

struct word *parse_prompt(struct arena *arena, const char *text)
{
	struct parser parser = {.arena = arena, .line = 1};
	if (setjmp(parser.failure))
		return NULL;
	return lex_quoted_text(&parser, text);
}
