"""Texts that come as data, marked for translation: types of touchpoints, kinds of signals, names of every model."""

from collections.abc import Mapping
from typing import Final


def N_(text: str) -> str:
    """Mark a text for those who translate; it is translated where it is shown."""
    return text


TOUCHPOINTS: Final[Mapping[str, str]] = {
    "page_viewed": N_("Viewed a page"),
    "form_submitted": N_("Sent a form"),
    "file_downloaded": N_("Downloaded a file"),
    "link_clicked": N_("Clicked a link"),
    "content_shared": N_("Shared something"),
    "demo_requested": N_("Asked for a demo"),
    "trial_started": N_("Started a trial"),
    "event_registered": N_("Registered for an event"),
    "event_attended": N_("Attended an event"),
    "cart_updated": N_("Changed the cart"),
    "order_placed": N_("Placed an order"),
    "order_cancelled": N_("Cancelled an order"),
    "refunded": N_("Got a refund"),
    "email_sent": N_("Mail sent"),
    "email_delivered": N_("Mail delivered"),
    "email_opened": N_("Opened a mail"),
    "email_clicked": N_("Clicked in a mail"),
    "email_bounced": N_("Mail bounced"),
    "email_unsubscribed": N_("Unsubscribed from mail"),
    "email_complained": N_("Complained about a mail"),
    "message_received": N_("Wrote a message"),
    "message_sent": N_("Message sent"),
    "call_logged": N_("Call"),
    "meeting_held": N_("Meeting"),
    "identified": N_("Said who they are"),
    "grouped": N_("Company named"),
    "aliased": N_("Identities joined"),
    "merged": N_("Merged with another lead"),
    "unmerged": N_("Identities taken out"),
    "identity_shared": N_("Identity marked as shared"),
    "stage_changed": N_("Stage changed"),
    "score_reset": N_("Heat reset"),
    "owner_assigned": N_("Owner assigned"),
    "owner_accepted": N_("Accepted by the owner"),
    "owner_rejected": N_("Given back by the owner"),
    "reminder_set": N_("Reminder set"),
    "noted": N_("Note"),
    "tagged": N_("Tags changed"),
    "profile_corrected": N_("Profile corrected"),
    "consent_changed": N_("Consent changed"),
    "erased": N_("Erased"),
}

SIGNALS: Final[Mapping[str, str]] = {
    "lead.hot": N_("Hot"),
    "lead.hot.retracted": N_("Not hot after all"),
    "lead.cooled": N_("Cooled"),
    "lead.promotable": N_("Ready for the next stage"),
    "stage.changed": N_("Moved to another stage"),
    "segment.entered": N_("Entered a segment"),
    "segment.left": N_("Left a segment"),
    "lead.assigned": N_("Given to an owner"),
    "sla.missed": N_("Deadline missed"),
    "follow_up.due": N_("Follow-up due"),
    "lead.active": N_("Active again"),
}

STAGES: Final[Mapping[str, str]] = {"visitor": N_("Visitor")}

REJECTIONS: Final[Mapping[str, str]] = {"not ready": N_("Not ready yet")}

DEADLINES: Final[Mapping[str, str]] = {
    "accept": N_("to accept"),
    "work": N_("to get in touch"),
    "answer": N_("to answer"),
    "follow_up": N_("to follow up"),
}

CHANNELS: Final[Mapping[str, str]] = {
    "direct": N_("Direct"),
    "cross_network": N_("Cross-network"),
    "paid_shopping": N_("Paid shopping"),
    "paid_search": N_("Paid search"),
    "paid_social": N_("Paid social"),
    "paid_video": N_("Paid video"),
    "display": N_("Display ads"),
    "paid_other": N_("Other paid"),
    "organic_shopping": N_("Organic shopping"),
    "organic_social": N_("Organic social"),
    "organic_video": N_("Organic video"),
    "organic_search": N_("Organic search"),
    "referral": N_("Referral"),
    "email": N_("E-mail"),
    "affiliates": N_("Affiliates"),
    "audio": N_("Audio"),
    "sms": N_("Text message"),
    "mobile_push": N_("Mobile push"),
    "event": N_("Event"),
    "partner": N_("Partner"),
    "print": N_("Print"),
    "offline": N_("Offline"),
    "other": N_("Other"),
}
