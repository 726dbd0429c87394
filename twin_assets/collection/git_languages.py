"""The language of a file of code, by its name or by the first line of a script."""

from twin_assets.collection.archive import base_name

SUFFIXES: dict[str, str] = {
    suffix: language
    for language, suffixes in {
        "asm": ".asm .s",
        "awk": ".awk",
        "bash": ".sh .bash .zsh .ksh .bats",
        "batch": ".bat .cmd",
        "c": ".c .h",
        "clojure": ".clj .cljs .cljc",
        "cmake": ".cmake",
        "cpp": ".cc .cpp .cxx .hh .hpp .hxx .ino",
        "crystal": ".cr",
        "csharp": ".cs .csx",
        "css": ".css .scss .sass .less .styl",
        "cuda": ".cu .cuh",
        "d": ".d",
        "dart": ".dart",
        "elisp": ".el",
        "elixir": ".ex .exs .eex .heex",
        "elm": ".elm",
        "erlang": ".erl .hrl",
        "fish": ".fish",
        "fortran": ".f .f90 .f95 .for",
        "fsharp": ".fs .fsx .fsi",
        "gdscript": ".gd",
        "glsl": ".glsl .vert .frag .wgsl .hlsl",
        "go": ".go",
        "graphql": ".graphql .gql",
        "groovy": ".groovy .gradle",
        "haskell": ".hs .lhs",
        "hcl": ".tf .hcl",
        "html": ".html .htm .xhtml .erb .haml .slim .pug .jinja .jinja2 .j2 .tmpl .hbs .ejs .liquid .twig",
        "java": ".java",
        "javascript": ".js .mjs .cjs .jsx",
        "julia": ".jl",
        "kotlin": ".kt .kts",
        "latex": ".tex .sty .cls",
        "lisp": ".lisp .lsp .cl",
        "lua": ".lua",
        "make": ".mk",
        "objectivec": ".m .mm",
        "nim": ".nim",
        "nix": ".nix",
        "ocaml": ".ml .mli",
        "pascal": ".pas .pp",
        "perl": ".pl .pm .t",
        "php": ".php",
        "powershell": ".ps1 .psm1",
        "protobuf": ".proto",
        "python": ".py .pyi .pyw .pyx .star .bzl",
        "r": ".r",
        "racket": ".rkt",
        "ruby": ".rb .rake .gemspec .ru",
        "rust": ".rs",
        "scala": ".scala .sc .sbt",
        "scheme": ".scm .ss",
        "sql": ".sql",
        "svelte": ".svelte",
        "swift": ".swift",
        "tcl": ".tcl",
        "typescript": ".ts .tsx .mts .cts",
        "verilog": ".v .sv .svh",
        "vhdl": ".vhd .vhdl",
        "vim": ".vim",
        "vue": ".vue",
        "zig": ".zig",
    }.items()
    for suffix in suffixes.split()
}
"""A suffix in lower case -> the language's name in fenced code."""
NAMES: dict[str, str] = {
    "makefile": "make",
    "gnumakefile": "make",
    "justfile": "make",
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    "cmakelists.txt": "cmake",
    "rakefile": "ruby",
    "gemfile": "ruby",
    "guardfile": "ruby",
    "vagrantfile": "ruby",
    "jenkinsfile": "groovy",
    ".bashrc": "bash",
    ".bash_profile": "bash",
    ".profile": "bash",
    ".zshrc": "bash",
    ".vimrc": "vim",
    ".emacs": "elisp",
}
"""A whole file name in lower case -> the same."""
_FIRST_LINE = 200
_INTERPRETERS = {
    "sh": "bash",
    "dash": "bash",
    "ksh": "bash",
    "zsh": "bash",
    "node": "javascript",
    "nodejs": "javascript",
    "deno": "typescript",
    "bun": "typescript",
    "pwsh": "powershell",
    "rscript": "r",
    "runghc": "haskell",
    "runhaskell": "haskell",
    "tclsh": "tcl",
    "wish": "tcl",
    "pypy": "python",
    "gawk": "awk",
    "osascript": "applescript",
}


def script_language(text: str) -> str:
    """What runs a script, by its first line (`#!/usr/bin/env python3`); blank when that does not say."""
    line = text.partition("\n")[0][:_FIRST_LINE]
    if not line.startswith("#!"):
        return ""
    words = [word for word in line[2:].split() if not word.startswith("-") and "=" not in word]
    programs = [name for name in map(base_name, words) if name != "env"]
    name = programs[0].rstrip("0123456789.").lower() if programs else ""
    return _INTERPRETERS.get(name, name) if name.isalnum() else ""
