"""What form builders send to a webhook, and what it says: samples that they or their users document, with the source.

Addresses are replaced by ones of example.org where the source hides them, dates by ones of the tests' clock.
"""

import json
from typing import Any

from tests.producers.collecting import NOON

# https://www.typeform.com/developers/webhooks/example-payload/ , shortened; the phone as in
# Typeform.Sdk.CSharp's tests of the same payload; ids of a form as its builder makes them, as in pastebin.com/zW0tGLEe
TYPEFORM: dict[str, Any] = {
    "event_id": "LtWXD3crgy",
    "event_type": "form_response",
    "form_response": {
        "form_id": "lT4Z3j", "token": "a3a12ec67a1365927098a606107fac15", "submitted_at": "2026-11-21T11:17:02Z",
        "landed_at": "2026-11-21T11:07:02Z", "calculated": {"score": 9},
        "variables": [{"key": "name", "type": "text", "text": "typeform"}],
        "hidden": {"user_id": "abc123456", "utm_source": "newsletter"},
        "definition": {"id": "lT4Z3j", "title": "Webhooks example", "fields": [
            {"id": "SMEUb7VJz92Q", "type": "email", "ref": "readable_ref_email",
             "title": "If you're OK with our city management following up if they have further questions, please give "
                      "us your email address."},
            {"id": "Nie87vP4ORlG", "type": "phone_number", "ref": "readable_ref_phone",
             "title": "Please enter your mobile number so we can follow up."},
            {"id": "JwWggjAKtOkA", "title": "What is your first name?", "type": "short_text",
             "ref": "ecbb3121-1bc9-42f0-ae29-29aeee5d39d3"},
            {"id": "PNe8ZKBK8C2Q", "type": "picture_choice", "ref": "readable_ref_picture_choice",
             "title": "Which pictures do you like? You can choose as many as you like."},
            {"id": "k6TP9oLGgHjl", "type": "multiple_choice", "ref": "readable_ref_multiple_choice",
             "title": "Which of these cities is your favorite?"},
        ]},
        "answers": [
            {"type": "email", "email": "laura@example.com", "field": {"id": "SMEUb7VJz92Q", "type": "email"}},
            {"type": "phone_number", "phone_number": "+34123456789",
             "field": {"id": "Nie87vP4ORlG", "type": "phone_number"}},
            {"type": "text", "text": "Laura", "field": {"id": "JwWggjAKtOkA", "type": "short_text"}},
            {"type": "choices", "choices": {"labels": ["London", "Sydney"]},
             "field": {"id": "PNe8ZKBK8C2Q", "type": "picture_choice"}},
            {"type": "choice", "choice": {"label": "London"},
             "field": {"id": "k6TP9oLGgHjl", "type": "multiple_choice"}},
        ],
    },
}  # fmt: skip

# https://tally.so/help/webhooks , as its users quote it beside their code; labels are free
TALLY: dict[str, Any] = {
    "eventId": "7c12746a-a670-49cb-99fa-d0741dc362ce", "eventType": "FORM_RESPONSE",
    "createdAt": "2026-11-21T11:17:00.517Z",
    "data": {
        "responseId": "45E6Zb", "submissionId": "45E6Zb", "respondentId": "OgPGag", "formId": "mRbeEQ",
        "formName": "Signup 2.0", "createdAt": "2026-11-21T11:17:00.000Z",
        "fields": [
            {"key": "question_8zrxZO", "label": "Wie erreichen wir dich?", "type": "INPUT_EMAIL",
             "value": "alice@example.com"},
            {"key": "question_3jZaa3", "label": "Phone number", "type": "INPUT_PHONE_NUMBER", "value": "+32491223344"},
            {"key": "question_LzqKQz", "label": "First name", "type": "INPUT_TEXT", "value": "Alice"},
            {"key": "question_7bgKG6", "label": "Company name", "type": "INPUT_TEXT", "value": "Engines"},
            {"key": "question_b9EeP0", "label": "LinkedIn profile link", "type": "INPUT_TEXT", "value": ""},
        ],
    },
}  # fmt: skip

# https://developers.webflow.com/data/reference/all-events
WEBFLOW: dict[str, Any] = {
    "triggerType": "form_submission",
    "payload": {
        "name": "Contact Us", "siteId": "65427cf400e02b306eaa049c",
        "data": {"First Name": "Zaphod", "Last Name": "Beeblebrox", "email": "zaphod@heartofgold.ai",
                 "Phone Number": 15550000000},
        "schema": [{"fieldName": "First Name", "fieldType": "FormTextInput",
                    "fieldElementId": "285042f7-d554-dc7f-102c-aa10d6a2d2c4"}],
        "submittedAt": "2026-11-21T11:35:16.117Z", "id": "6321ca84df3949bfc6752327",
        "formId": "65429eadebe8a9f3a30f62d0", "formElementId": "4e038d2c-6a1e-4953-7be9-a59a2b453177",
    },
}  # fmt: skip

# https://developers.webflow.com/data/v1.0.0/reference/form_submission
WEBFLOW_1: dict[str, Any] = {
    "name": "Sample Form", "site": "62749158efef318abc8d5a0f",
    "data": {"name": "Some One", "email": "some.one@home.com"},
    "d": "2026-11-21T11:35:16.117Z", "_id": "6321ca84df3949bfc6752327",
}  # fmt: skip

# github.com/zulip/zulip zerver/webhooks/jotform/fixtures/response.multipart, shortened; q4_email, q5_phoneNumber as in
# forms that Jotform makes (q3_fullName3[first], q4_email4, q5_phoneNumber5[area])
JOTFORM: dict[str, Any] = {
    "action": "", "webhookURL": "https://collect.example.com/f/tutor", "username": "UserNiloth",
    "formID": "243231271343446", "type": "WEB", "formTitle": "Tutor Appointment Form",
    "submissionID": "6084250982513018472", "ip": "27.51.18.17",
    "rawRequest": json.dumps({
        "slug": "submit/243231271343446", "submitSource": "form", "buildDate": "1732271172685",
        "q3_studentsName": {"first": "Niloth", "last": "P"}, "q4_email4": "niloth@example.org",
        "q5_phoneNumber5": {"area": "415", "phone": "5552671"}, "q33_typeOf": "Online Tutoring", "q35_grade": "12",
        "q15_date": {"month": "", "day": "", "year": ""}, "timeToSubmit": "3", "path": "/submit/243231271343446",
    }),
    "pretty": "Student's Name:Niloth P, Type of Tutoring:Online Tutoring, Grade:12",
}  # fmt: skip

# Elementor Pro's webhook with advanced data, as its users quote it (form[...], fields[...][...], meta[...][...])
ELEMENTOR: dict[str, Any] = {
    "form[id]": "c1d6fde", "form[name]": "New Form",
    **{f"fields[{id}][{part}]": text for id, type_, title, value in (
        ("name", "text", "Seu nome", "Teste"), ("email", "email", "Seu melhor email", "teste@example.org"),
        ("field_6f8642e", "tel", "טלפון", "+972 3-123-4567"), ("utm_source", "hidden", "utm_source", "acesso"),
        ("utm_term", "hidden", "utm_term", ""),
      ) for part, text in (("id", id), ("type", type_), ("title", title), ("value", value), ("raw_value", value),
                           ("required", "1"))},
    "meta[date][title]": "Date", "meta[date][value]": "março 30, 2026",
    "meta[page_url][title]": "Page URL", "meta[page_url][value]": "https://www.example.com/pagina-aberta/",
    "meta[user_agent][title]": "User Agent", "meta[user_agent][value]": "Mozilla/5.0 (Linux; Android 10; K)",
    "meta[remote_ip][title]": "Remote IP", "meta[remote_ip][value]": "2804:29b8:512a:2767::86d9",
}  # fmt: skip

# https://developers.hubspot.com/docs/api/marketing/forms (submit data: fields with objectTypeId), as its users send it
HUBSPOT: dict[str, Any] = {
    "submittedAt": NOON // 1_000 - 60_000,
    "fields": [
        {"objectTypeId": "0-1", "name": "email", "value": "ada@example.org"},
        {"objectTypeId": "0-1", "name": "firstname", "value": "Ada"},
        {"objectTypeId": "0-2", "name": "name", "value": "Engines"},
        {"objectTypeId": "0-2", "name": "city", "value": "London"},
        {"objectTypeId": "0-1", "name": "jobtitle", "value": "CTO"},
    ],
    "context": {"pageUri": "https://www.example.com/demo?utm_campaign=spring", "pageName": "Demo"},
}  # fmt: skip

# the same form's fields by their names in its HTML
HUBSPOT_HTML = {
    "0-1/email": "ada@example.org",
    "0-1/firstname": "Ada",
    "0-2/name": "Engines",
    "0-2/domain": "e.example",
}

# https://legacydocs.hubspot.com/docs/methods/contacts/get_contact (a workflow's webhook sends such a contact)
HUBSPOT_CONTACT: dict[str, Any] = {
    "vid": 3234574, "canonical-vid": 3234574, "portal-id": 62515, "is-contact": True,
    "properties": {"firstname": {"value": "Ada", "versions": [{"value": "Ada", "source-type": "FORM"}]},
                   "company": {"value": "Engines", "versions": []}, "email": {"value": "ada@example.org"}},
    "form-submissions": [], "list-memberships": [],
}  # fmt: skip

# https://developers.formstack.com/docs/webhook-examples
FORMSTACK: dict[str, Any] = {
    "FormID": "23534", "Name": {"first": "John", "last": "Smith"}, "Email": "john@example.org",
    "Phone": "234-555-6789", "Address": {"address": "1234 Test Drive", "city": "Test", "state": "IN", "zip": "12345"},
    "UniqueID": "12345678",
}  # fmt: skip
FORMSTACK_TYPED: dict[str, Any] = {
    "FormID": "23534", "Name": {"first": "John", "last": "Smith", "field_type": "name"},
    "Reach me at": {"value": "john@example.org", "field_type": "email"}, "UniqueID": "12345678",
}  # fmt: skip

# https://docs.gravityforms.com/entry-object (what "All Fields" of the Webhooks Add-On sends)
GRAVITY: dict[str, Any] = {
    "id": "7", "form_id": "1", "created_by": None, "date_created": "2026-11-21 11:30:00",
    "date_updated": "2026-11-21 11:30:00", "is_starred": "0", "is_read": "0", "ip": "198.51.100.7",
    "source_url": "https://www.example.com/contact/", "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "status": "active", "1.3": "Ada", "1.6": "Example", "2": "ada@example.org",
}  # fmt: skip

# https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/ , as many quote it
MAILCHIMP: dict[str, Any] = {
    "type": "subscribe", "fired_at": "2009-03-26 21:35:57", "data[id]": "8a25ff1d98", "data[list_id]": "a6b5da1054",
    "data[email]": "api@mailchimp.com", "data[email_type]": "html", "data[merges][EMAIL]": "api@mailchimp.com",
    "data[merges][FNAME]": "Mailchimp", "data[merges][LNAME]": "API", "data[merges][INTERESTS]": "Group1,Group2",
    "data[ip_opt]": "10.20.10.30", "data[ip_signup]": "10.20.10.30",
}  # fmt: skip

# https://developers.google.com/apps-script/guides/triggers/events (form submit of a sheet)
GOOGLE: dict[str, Any] = {
    "namedValues": {"Timestamp": ["6/7/2015 20:54:13"], "First Name": ["Jane"], "Email": ["jane@example.org"],
                    "Colors": ["red", "blue"], "Notes": [""]},
    "values": ["6/7/2015 20:54:13", "Jane", "jane@example.org"], "triggerUid": "4034124084959907503",
}  # fmt: skip

URLENCODED = {"Elementor", "HubSpot HTML", "Mailchimp", "Fluent Forms"}
MULTIPART = {"Jotform"}
"""Those that come as a form, and not as JSON."""

# https://www.showdoc.com.cn/wjxopenapi/7664690808275512 (its sample, with `index` as its text names it)
WJX: dict[str, Any] = {
    "activity": "5657754", "name": "问卷名称", "timetaken": "528", "submittime": "2016-08-23 10:01:59", "index": "3",
    "q1": "1", "q2": "ada@example.org", "q3": "1,2", "joinid": "101812480275", "totalvalue": "15", "sign": "",
}  # fmt: skip

# a push that a WordPress plugin (Jintoweidian) keeps, with form_name as open.jinshuju.net has it; shortened
JINSHUJU: dict[str, Any] = {
    "form": "9rk3Dk", "form_name": "报名",
    "entry": {
        "serial_number": 2, "field_2": "测试商品", "field_8": "+86 138 0000 0000", "field_3": "全新", "field_4": "上海",
        "field_5": 100, "field_6": "", "x_field_1": "c-9", "creator_name": "mamifair",
        "created_at": "2026-11-21T11:00:18Z", "updated_at": "2026-11-21T11:00:18Z", "info_remote_ip": "106.120.85.234",
    },
}  # fmt: skip

# Fluent Forms' names of fields, as many of its users test for them
FLUENT = {
    "names[first_name]": "Ada",
    "names[last_name]": "Example",
    "email": "ada@example.org",
    "input_text": "Engines",
}

BUILDERS: dict[str, tuple[dict[str, Any], list[str], dict[str, Any], dict[str, Any]]] = {
    "Typeform": (TYPEFORM, ["email:laura@example.com", "phone:+34123456789"],
                 {"email": "laura@example.com", "phone": "+34123456789", "first_name": "Laura"},
                 {"readable_ref_picture_choice": ["London", "Sydney"], "readable_ref_multiple_choice": "London",
                  "what_is_your_first_name": "Laura", "user_id": "abc123456", "form_title": "Webhooks example"}),
    "Tally": (TALLY, ["email:alice@example.com", "phone:+32491223344"],
              {"email": "alice@example.com", "phone": "+32491223344", "first_name": "Alice", "company": "Engines",
               "phone_number": "+32491223344"},
              {"wie_erreichen_wir_dich": "alice@example.com", "company_name": "Engines"}),
    "Webflow": (WEBFLOW, ["email:zaphod@heartofgold.ai"],
                {"email": "zaphod@heartofgold.ai", "first_name": "Zaphod", "last_name": "Beeblebrox",
                 "phone_number": 15550000000}, {"form_title": "Contact Us"}),
    "Webflow 1": (WEBFLOW_1, ["email:some.one@home.com"], {"email": "some.one@home.com", "name": "Some One"},
                  {"form_title": "Sample Form"}),
    "Jotform": (JOTFORM, ["email:niloth@example.org"],
                {"email": "niloth@example.org", "name": "Niloth P", "first_name": "Niloth", "last_name": "P",
                 "phone": "415 5552671", "phone_number": "415 5552671"},
                {"students_name": "Niloth P", "type_of": "Online Tutoring", "grade": "12"}),
    "Elementor": (ELEMENTOR, ["email:teste@example.org", "phone:+97231234567"],
                  {"email": "teste@example.org", "phone": "+97231234567", "name": "Teste"},
                  {"טלפון": "+972 3-123-4567", "form_title": "New Form", "path": "/pagina-aberta/"}),
    "HubSpot": (HUBSPOT, ["email:ada@example.org"],
                {"email": "ada@example.org", "first_name": "Ada", "company": "Engines", "job_title": "CTO"},
                {"company_city": "London", "path": "/demo"}),
    "HubSpot HTML": (HUBSPOT_HTML, ["email:ada@example.org"],
                     {"email": "ada@example.org", "first_name": "Ada", "company": "Engines"},
                     {"company_domain": "e.example"}),
    "HubSpot contact": (HUBSPOT_CONTACT, ["email:ada@example.org"],
                        {"email": "ada@example.org", "first_name": "Ada", "company": "Engines"}, {}),
    "Formstack": (FORMSTACK, ["email:john@example.org"],
                  {"email": "john@example.org", "name": "John Smith", "first_name": "John", "last_name": "Smith",
                   "phone": "234-555-6789", "address_address": "1234 Test Drive", "address_city": "Test",
                   "address_state": "IN", "address_zip": "12345"}, {}),
    "Formstack with types": (FORMSTACK_TYPED, ["email:john@example.org"],
                             {"email": "john@example.org", "name": "John Smith", "first_name": "John",
                              "last_name": "Smith"}, {"reach_me_at": "john@example.org"}),
    "Gravity Forms": (GRAVITY, ["email:ada@example.org"], {"email": "ada@example.org"},
                      {"1_3": "Ada", "url": "https://www.example.com/contact/"}),
    "Mailchimp": (MAILCHIMP, ["email:api@mailchimp.com"],
                  {"email": "api@mailchimp.com", "first_name": "Mailchimp", "last_name": "API"},
                  {"interests": "Group1,Group2"}),
    "Google Forms": (GOOGLE, ["email:jane@example.org"], {"email": "jane@example.org", "first_name": "Jane"},
                     {"colors": ["red", "blue"]}),
    "WJX": (WJX, ["email:ada@example.org"], {"email": "ada@example.org"},
            {"q1": "1", "q3": "1,2", "form_title": "问卷名称", "name": None, "sign": None}),
    "Fluent Forms": (FLUENT, ["email:ada@example.org"],
                     {"email": "ada@example.org", "first_name": "Ada", "last_name": "Example"}, {}),
}  # fmt: skip
