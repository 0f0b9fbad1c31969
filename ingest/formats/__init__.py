"""The forms that posts come in: lines of JSON, HTML, feeds, statuses."""
