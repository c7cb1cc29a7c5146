"""Who may do what with a comment: the role and the relation to the row, nothing else."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Role, holds

from .models import Comment, Conversation, Decision, ModeratorSettings, Sanction, SanctionAppeal

Status = Comment.Status
MODE = Conversation.Mode
APPEAL_WINDOW = timedelta(days=30)
EDIT_WINDOW = timedelta(minutes=15)
# Nobody is told of a decision before this is over, so that a slip of the finger can be set right.
UNDO_WINDOW = timedelta(seconds=10)
# A click that was on its way when the ten seconds ended still counts, and nothing is told before.
SETTLED = UNDO_WINDOW + timedelta(seconds=5)


def is_shown(conversation: Conversation | None) -> bool:
    """Whether readers see this conversation at all."""
    return conversation is not None and conversation.mode != MODE.HIDDEN


def takes_comments(conversation: Conversation | None) -> bool:
    """Whether something new may be written in it now."""
    if conversation is None or conversation.mode in (MODE.HIDDEN, MODE.READ_ONLY):
        return False
    return conversation.closes_at is None or conversation.closes_at > timezone.now()


def can_set_mode(user) -> bool:
    return holds(user, Role.MODERATOR, Role.EDITOR)


def is_moderator(user) -> bool:
    return holds(user, Role.MODERATOR)


def can_keep_safety_contacts(user) -> bool:
    """Contracts with sponsors are the publisher's; moderators read them."""
    return holds(user, Role.ADMINISTRATOR)


def leaves_out_crisis(user) -> bool:
    """A moderator who asked not to be handed crisis posts."""
    return ModeratorSettings.objects.filter(user=user, leaves_out_crisis=True).exists()


def can_decide(user, comment: Comment) -> bool:
    return is_moderator(user) and comment.author_id != user.pk


def why_not_decide(user, comment: Comment) -> str:
    """A sentence, or "" when `user` may decide about this comment."""
    if not is_moderator(user):
        return _("Only a moderator may decide about comments.")
    if comment.author_id == user.pk:
        return _("You wrote this comment, so another moderator must decide about it.")
    return ""


def is_medical(user) -> bool:
    return holds(user, Role.MEDICAL_REVIEWER)


def why_not_answer(user, comment: Comment) -> str:
    """A sentence, or "" when `user` may answer a medical question about this comment."""
    if not is_medical(user):
        return _("Only the medical team answers these questions.")
    if comment.author_id == user.pk:
        return _("You wrote this comment, so somebody else must answer.")
    return ""


def can_withdraw(user, comment: Comment) -> bool:
    return comment.author_id == user.pk and Status.WITHDRAWN in Comment.MOVES.get(comment.status, ())


def can_edit(user, comment: Comment) -> bool:
    """The author, as long as nobody has read it, and for a short while after it is public."""
    if comment.author_id != user.pk:
        return False
    if comment.status == Status.HELD:
        return True
    return comment.status == Status.LIVE and comment.published_at > timezone.now() - EDIT_WINDOW


def edit_until(comment: Comment) -> datetime | None:
    """When her time to change it is over; None while it waits, because then a moderator's reading ends it."""
    return comment.published_at + EDIT_WINDOW if comment.status == Status.LIVE else None


def can_reply(user, comment: Comment) -> bool:
    return user.is_authenticated and comment.status == Status.LIVE and takes_comments(comment.conversation)


def can_find_helpful(user, comment: Comment) -> bool:
    return user.is_authenticated and comment.author_id != user.pk and comment.status == Status.LIVE


def can_follow(user, where: Comment | Conversation) -> bool:
    """A live comment, or a whole conversation, as long as readers can see it."""
    if isinstance(where, Comment) and where.status != Status.LIVE:
        return False
    conversation = where.conversation if isinstance(where, Comment) else where
    return user.is_authenticated and is_shown(conversation) and conversation.page.live_publication_id is not None


def can_report(user, comment: Comment) -> bool:
    """Everybody, signed in or not, except its author; a suspended member too."""
    return comment.author_id != user.pk and comment.status == Status.LIVE


def can_appeal(user, comment: Comment, decision: Decision | None) -> bool:
    """The author, once, after a decision that took the comment from readers or kept it from them."""
    return (
        decision is not None
        and comment.author_id == user.pk
        and comment.status in (Status.REJECTED, Status.SPAM, Status.HIDDEN)
        and decision.to_status == comment.status
        # A decision that keeps the status answered an appeal; there is no appeal of that answer.
        and decision.from_status != comment.status
        and not hasattr(decision, "appeal")
    )


def can_appeal_sanction(user, sanction: Sanction) -> bool:
    """The member, once, as long as it holds or is a warning, and not too long after she was told."""
    now = timezone.now()
    return (
        sanction.user_id == user.pk
        and sanction.lifted_at is None
        and (sanction.until is None or sanction.until > now)
        and sanction.created_at > now - APPEAL_WINDOW
        and not hasattr(sanction, "appeal")
    )


def can_hear(user, appeal: SanctionAppeal) -> bool:
    """A moderator who did not impose the sanction, and whom it is not about."""
    return is_moderator(user) and user.pk not in (appeal.first_moderator_id, appeal.sanction.user_id)


def can_see(user, comment: Comment) -> bool:
    """Live comments are for everybody; the author and the moderators see the others too."""
    if comment.status == Status.LIVE:
        return True
    return user.is_authenticated and (comment.author_id == user.pk or is_moderator(user))
