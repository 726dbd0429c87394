"""What platforms and templates say, by the reason that is given: patterns that a whole paragraph has to match.

The author's sentences on the same subjects do not match: a pattern says all there is in a paragraph, not a part of it.
"""

_PLACES = (
    r"(?:home|about|archives?|blog|contact|rss|feed|posts?|search|tags?|login|log in|sign in|menu|projects?|now|uses)"
)
_SITES = r"(?:x|twitter|youtube|instagram|facebook|vimeo|tiktok|bluesky|mastodon|flickr|linkedin|medium|threads)"
_COUNTED = r"\d+ (?:likes?|comments?|shares?|claps?|restacks?|views?)"
_PIECE = r"(?:article|post|story|piece|essay|letter|issue|newsletter|entry)"

PHRASES: dict[str, tuple[str, ...]] = {
    "cookie": (
        r"(?:we|this (?:web)?site|our (?:web)?site) uses? (?:[\w-]+ ){0,3}cookies?\b.*",
        r"by (?:continuing|using|browsing)\b.*\bcookies?\b.*",
        r"(?:accept|reject|manage) (?:all )?cookies?|cookie (?:policy|settings|preferences)",
    ),
    "footer": (
        rf"(?:(?:this|the) {_PIECE}(?: was| has been)? |(?:it|this) was |an earlier version of this {_PIECE} was )?"
        r"(?:first |also |originally |cross-?){1,2}(?:published|posted|appeared) (?:in|on|at|to|from|by)\b.{0,160}",
    ),
    "subscribe": (
        r"(?:please )?(?:subscribe|sign up)(?: now| today| here| for free| via (?:e-?mail|rss))?",
        r"(?:please )?(?:subscribe|sign up) (?:to|for) (?:my|our|the|this) [\w ]{0,30}"
        r"(?:newsletter|mailing list|feed|blog|channel|updates)",
        r"(?:please )?(?:subscribe|sign up)(?: for free)?,? (?:to|and) (?:get|receive) (?:[\w’'-]+ ){0,6}"
        r"(?:posts?|updates|articles?|essays?|letters?|issues?|stories|newsletter)"
        r"(?:,? (?:by|via|in|to|as|every|each)\b.{0,50})?",
        r"thanks for reading\b.{0,120}\bsubscribe\b.{0,120}",
        r"[^.!?]{0,80} is a reader-supported publication\b.{0,200}",
        r"(?:enter|type) your e-?mail(?: address)?(?: (?:to|for|and|below|here)\b.{0,60})?",
        r"get new posts by e-?mail.{0,40}",
        r"unsubscribe|manage (?:your )?subscriptions?|upgrade to paid|(?:give a )?gift (?:a )?subscription",
        r"you(?: are|'re|’re) receiving this (?:e-?mail|newsletter|message)\b.{0,160}",
        r"view (?:this )?(?:e-?mail )?in (?:your )?browser|start writing(?: today)?",
    ),
    "share": (
        r"share(?: (?:this|it|on|via)(?: [\w’'-]+){0,3})?|tweet(?: (?:this|it))?|pin it|like(?: this)?|restack|repost",
        r"like and (?:share|subscribe|comment).{0,40}|leave a (?:comment|reply)|refer a friend",
        r"(?:view|read|show) (?:all )?(?:\d+ )?comments?|(?:click to )?(?:copy|share) link",
        rf"{_COUNTED}(?:[ ,·|]+{_COUNTED})*",
        rf"(?:discuss|comment)(?: this)?(?: {_PIECE})? on (?:hacker news|reddit|lobste\.?rs|{_SITES})",
        rf"follow (?:me|us) on {_SITES}(?:[ ,]+(?:and )?{_SITES}){{0,4}}",
        r"if you (?:liked?|enjoy(?:ed)?) (?:this|what)\b.{0,80}\b(?:share|clap|subscribe|follow|recommend)\b.{0,100}",
    ),
    "navigation": (
        rf"(?:previous|next|older|newer)(?: (?:page|{_PIECE}))?s?",
        r"(?:back|return|jump|scroll) to (?:the )?(?:top|home|blog|archive|index|contents?|all posts)",
        r"skip to (?:main )?content|read (?:more|next)|continue reading|(?:table of )?contents|\d+ min(?:ute)?s? read",
        rf"{_PLACES}(?:\s*[|·•/»>,-]?\s*{_PLACES})+|related (?:posts|articles|stories)|you might also like",
    ),
    "signature": (
        r"sent from my (?:iphone|ipad|android|mobile|phone|blackberry|samsung|windows phone)\b.{0,40}",
        r"get outlook for \w+",
    ),
    "embed": (
        r"\[?(?:view|see|watch)(?: this| the)?(?: tweet| video| post| image| thread| reel| story)?(?: \w+)? on "
        rf"{_SITES}\]?",
        r"loading (?:tweet|video|embed|comments).{0,20}|(?:a )?post shared by .{0,80}",
        r"\[(?:embed|video|audio|gallery|playlist|tweet)\b[^\[\]]*\](?:[^\[\]]*\[/\w+\])?",
        r"your browser does not support .{0,60}",
        r"this (?:embed|content|video) (?:is (?:un|not )available|could not be loaded).{0,60}",
    ),
}
