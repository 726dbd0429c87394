// What a person calls the kinds of sources: in short, and as what it is.

const NAMES = {
  linkedin: ["LinkedIn", "a LinkedIn archive"],
  x: ["X", "an X archive"],
  medium: ["Medium", "a Medium account or export"],
  substack: ["Substack", "a Substack publication"],
  bluesky: ["Bluesky", "a Bluesky account"],
  mastodon: ["Mastodon", "a Mastodon account or archive"],
  whatsapp: ["WhatsApp", "WhatsApp chats"],
  telegram: ["Telegram", "a Telegram export"],
  wordpress: ["WordPress", "a WordPress export"],
  markdown: ["Markdown", "Markdown files"],
  git: ["Git", "GitHub or a git repository"],
  paper: ["Papers", "papers"],
  site: ["Web sites", "a blog or web site"],
};

/** A kind in a word: `LinkedIn`. */
export const kindLabel = (kind) => NAMES[kind]?.[0] ?? kind;

/** What a source of a kind is: `a LinkedIn archive`. */
export const kindName = (kind) => NAMES[kind]?.[1] ?? kind ?? "of a kind that cannot be told";
