"""What is told of the health of sources, pure: `telling` decides when, `words` what it says and advises.

`feed` makes a feed of what was told, `messages` a mail and the body of a webhook.
"""

from aggregator.health.feed import HEALTH, health_feed
from aggregator.health.messages import Postmark, mail, webhook_body
from aggregator.health.telling import to_tell
from aggregator.health.words import advice, remarks

__all__ = ["HEALTH", "Postmark", "advice", "health_feed", "mail", "remarks", "to_tell", "webhook_body"]
