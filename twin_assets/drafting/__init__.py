"""Writing in the author's voice for a platform: its rules, the author's habits, and the prompt made of new material."""
